/** `sealbench serve`, and what its users do with the lines that it prints. */
import { readFileSync } from 'node:fs';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { type Command, type Ended, start } from './cli.ts';

export interface Serving {
  command: Command;
  /** What its `export` lines set. */
  env: Record<string, string>;
  dynamodb: DynamoDBClient;
  kms: KMSClient;
  /** Asks the admin port; a body makes it a POST. @returns the answer's text */
  admin(path: string, body?: object): Promise<string>;
  /** Ctrl-C. */
  stop(): Promise<Ended>;
}

/** Starts `serve` on free ports, with the admin port; ready when it returns. */
export async function serve(...args: string[]): Promise<Serving> {
  const command = start(['serve', '--port', '0', '--kms-port', '0', '--admin-port', '0', ...args]);
  let stdout = '';
  command.child.stdout!.on('data', (text: string) => {
    stdout += text;
  });
  await command.says('stderr', 'Ctrl-C stops');
  await command.says('stdout', /SEALBENCH_ADMIN_URL=.*\n/);
  const env = Object.fromEntries(
    [...stdout.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
  );
  const credentials = {
    accessKeyId: env.AWS_ACCESS_KEY_ID!,
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY!,
  };
  const ca = env.NODE_EXTRA_CA_CERTS && readFileSync(env.NODE_EXTRA_CA_CERTS);
  const common = {
    region: env.AWS_REGION!,
    credentials,
    maxAttempts: 1,
    ...(ca && { requestHandler: { httpsAgent: { ca, keepAlive: true } } }),
  };
  const dynamodb = new DynamoDBClient({ ...common, endpoint: env.AWS_ENDPOINT_URL_DYNAMODB! });
  const kms = new KMSClient({ ...common, endpoint: env.AWS_ENDPOINT_URL_KMS! });
  return {
    command,
    env,
    dynamodb,
    kms,
    async admin(path, body) {
      const request = body && { method: 'POST', body: JSON.stringify(body) };
      const response = await fetch(`${env.SEALBENCH_ADMIN_URL}${path}`, request);
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return response.text();
    },
    stop() {
      dynamodb.destroy();
      kms.destroy();
      command.child.kill('SIGINT');
      return command.ended;
    },
  };
}
