import { SimulatedClock } from '../../../src/std/clock.ts';
import type { KeyVault } from '../../../src/system/kms/keyring.ts';
import { KmsService } from '../../../src/system/kms/service.ts';
import type { KmsOptions } from '../../../src/system/kms/types.ts';
import { AwsError } from '../../../src/system/wire/errors.ts';
import type { Caller } from '../../../src/system/wire/types.ts';

export const REGION = 'eu-west-1';
export const ACCOUNT = '123456789012';
export const CONTEXT = { 'aws:dynamodb:tableName': 'orders', 'aws:dynamodb:subscriberId': ACCOUNT };

export const alice = user('alice');
export const bob = user('bob');
export const dynamodb: Caller = {
  accessKeyId: 'AKIADYNAMODB',
  secretAccessKey: 'secret-of-dynamodb',
  principal: {
    arn: 'dynamodb.amazonaws.com',
    accountId: ACCOUNT,
    name: 'dynamodb.amazonaws.com',
    kind: 'service',
  },
};
export const callers = [alice, bob, dynamodb];

function user(name: string): Caller {
  return {
    accessKeyId: `AKIA${name.toUpperCase()}`,
    secretAccessKey: `secret-of-${name}`,
    principal: { arn: `arn:aws:iam::${ACCOUNT}:user/${name}`, accountId: ACCOUNT, name, kind: 'user' },
  };
}

export interface Answer {
  KeyId: string;
  Plaintext: string;
  CiphertextBlob: string;
  [member: string]: unknown;
}

/** The KMS without sockets, on a clock that only tests move. */
export class InProcessKms {
  readonly clock: SimulatedClock;
  readonly service: KmsService;

  constructor(options: Partial<KmsOptions> = {}, vault?: KeyVault, clock = new SimulatedClock()) {
    const fixed = { region: REGION, accountId: ACCOUNT, callers, auth: 'none', port: 0, clock } as const;
    this.clock = clock;
    this.service = new KmsService({ ...fixed, ...options }, vault, clock);
  }

  call(operation: string, body: object = {}, signer = alice, principal = signer): Promise<Answer> {
    const request = {
      operation,
      body: JSON.parse(JSON.stringify(body)),
      signer: signer.principal,
      principal: principal.principal,
      connectionId: 1,
      requestId: 'request-1',
      sourceIp: '192.0.2.1',
      userAgent: 'test',
    };
    return this.service.handle(request) as Promise<Answer>;
  }

  async createKey(): Promise<{ id: string; arn: string }> {
    const { KeyMetadata } = (await this.call('CreateKey')) as unknown as {
      KeyMetadata: { KeyId: string; Arn: string };
    };
    return { id: KeyMetadata.KeyId, arn: KeyMetadata.Arn };
  }

  /** What DynamoDB has a user grant it for the table of `CONTEXT`. */
  async grantToDynamodb(KeyId: string): Promise<{ GrantId: string; GrantToken: string }> {
    const Arn = await this.describe(KeyId).then((metadata) => metadata.Arn);
    const service = `dynamodb.${REGION}.amazonaws.com`;
    const body = {
      KeyId: Arn,
      GranteePrincipal: service,
      RetiringPrincipal: service,
      Operations: [
        ...['DescribeKey', 'GenerateDataKey', 'Decrypt', 'Encrypt', 'ReEncryptFrom', 'ReEncryptTo'],
        'RetireGrant',
      ],
      Constraints: { EncryptionContextSubset: CONTEXT },
    };
    return (await this.call('CreateGrant', body, dynamodb, alice)) as never;
  }

  async describe(keyId: string, signer = alice): Promise<Record<string, unknown>> {
    const { KeyMetadata } = await this.call('DescribeKey', { KeyId: keyId }, signer);
    return KeyMetadata as Record<string, unknown>;
  }
}

/** `Code: message` of the AwsError that the promise rejects with, or `ok`. */
export async function outcome(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'ok';
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
