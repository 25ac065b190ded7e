/** `serve`, as programs with an AWS SDK, the AWS CLI and operators use it. */
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { GenerateDataKeyCommand, KeyState, ListKeysCommand } from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { leftovers, sealbench, startProgram } from './cli.ts';
import { type Serving, serve } from './serving.ts';

const program = fileURLToPath(new URL('./program.ts', import.meta.url));
const aws = spawnSync('aws', ['--version'], { encoding: 'utf8' });
const awsVersion = aws.status === 0 ? aws.stdout.trim() || aws.stderr.trim() : undefined;

describe('serve', () => {
  let serving: Serving;
  beforeAll(async () => {
    serving = await serve();
  });
  afterAll(async () => {
    expect((await serving.stop()).code).toBe(0);
    expect(leftovers()).toEqual([]);
  });

  it('prints what a shell needs, and nothing else, on stdout', () => {
    expect(Object.keys(serving.env)).toEqual([
      'AWS_ENDPOINT_URL_DYNAMODB',
      'AWS_ENDPOINT_URL_DYNAMODB_STREAMS',
      'AWS_ENDPOINT_URL_KMS',
      'AWS_ACCESS_KEY_ID',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_REGION',
      'AWS_DEFAULT_REGION',
      'SEALBENCH_ADMIN_URL',
    ]);
  });

  it('serves a program that knows no more than its environment: a disabled key ends reads, for its time', async () => {
    expect(await runProgram(serving)).toEqual(WORKS);
  });

  it('shows in the trail, for a customer managed key, what the program did', async () => {
    const records = (await serving.admin('/trail')).trim().split('\n');
    const names = records.map((record) => JSON.parse(record).eventName);
    expect(names).toEqual(expect.arrayContaining(['CreateKey', 'GenerateDataKey', 'Decrypt', 'DisableKey']));
  });

  it('counts, as JSON and for Prometheus', async () => {
    await serving.dynamodb.send(new ListTablesCommand({}));
    const { store, kms } = JSON.parse(await serving.admin('/counters'));
    expect(store.requests).toBeGreaterThan(0);
    expect(store.cache.lookups).toBe(store.cache.hits + store.cache.misses + store.cache.coalesced);
    const metrics = await serving.admin('/metrics');
    expect(metrics).toContain(`\nsealbench_store_requests_total ${store.requests}\n`);
    expect(metrics).toContain(`\nsealbench_kms_calls_total{operation="Decrypt"} ${kms.calls.Decrypt}\n`);
  });

  it('breaks the KMS on purpose, and lets it be well again', async () => {
    const { Keys } = await serving.kms.send(new ListKeysCommand({}));
    await serving.admin('/kms/fault', { kind: 'outage', for: '1h' });
    await expect(serving.kms.send(new ListKeysCommand({}))).rejects.toMatchObject({
      name: 'KMSInternalException',
    });
    await serving.admin('/kms/fault', { kind: 'throttle', for: '1h' });
    const useKey = () =>
      serving.kms.send(new GenerateDataKeyCommand({ KeyId: Keys![0]!.KeyId, KeySpec: 'AES_256' }));
    await expect(useKey()).rejects.toMatchObject({ name: 'ThrottlingException' });
    await serving.admin('/clock', { advance: '61m' });
    expect((await useKey()).Plaintext).toHaveLength(32);
  });

  it.skipIf(awsVersion === undefined)(
    `serves the AWS CLI (${awsVersion ?? 'no aws on PATH: not run'})`,
    () => {
      const key = cli(serving, 'kms', 'create-key').KeyMetadata as { Arn: string; KeyState: KeyState };
      expect(key.KeyState).toBe(KeyState.Enabled);
      cli(
        serving,
        ...['dynamodb', 'create-table', '--table-name', 'by-cli', '--billing-mode', 'PAY_PER_REQUEST'],
        ...['--attribute-definitions', 'AttributeName=pk,AttributeType=S'],
        ...['--key-schema', 'AttributeName=pk,KeyType=HASH'],
        ...['--sse-specification', `Enabled=true,SSEType=KMS,KMSMasterKeyId=${key.Arn}`],
        ...['--stream-specification', 'StreamEnabled=true,StreamViewType=NEW_IMAGE'],
      );
      cli(serving, 'dynamodb', 'wait', 'table-exists', '--table-name', 'by-cli');
      const item = { pk: { S: 'é' }, n: { N: '1.50' } };
      cli(serving, 'dynamodb', 'put-item', '--table-name', 'by-cli', '--item', JSON.stringify(item));
      const read = ['get-item', '--table-name', 'by-cli', '--key', JSON.stringify({ pk: item.pk })];
      expect(cli(serving, 'dynamodb', ...read)).toEqual({ Item: { pk: item.pk, n: { N: '1.5' } } });
      expect(readStream(serving, 'by-cli')).toEqual([{ pk: item.pk, n: { N: '1.5' } }]);
    },
    60_000,
  );

  it.each([
    ['--port', 'AWS_ENDPOINT_URL_DYNAMODB'],
    ['--kms-port', 'AWS_ENDPOINT_URL_KMS'],
    ['--admin-port', 'SEALBENCH_ADMIN_URL'],
  ])('%s in use: exit 2, the port and a remedy', async (option, url) => {
    const { port } = new URL(serving.env[url]!);
    const others = ['--port', '--kms-port', '--admin-port'].filter((name) => name !== option);
    const { code, stdout, stderr } = await sealbench([
      ...['serve', option, port],
      ...others.flatMap((name) => [name, '0']),
    ]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^sealbench: .*\n$/);
    expect(stderr).toContain(port);
    expect(stderr).toMatch(/in use.*\b0 \w+ any free one/);
  });
});

describe('serve --tls', () => {
  it('is trusted by whoever has its environment, and by nobody else', async () => {
    const serving = await serve('--tls');
    expect(serving.env.AWS_ENDPOINT_URL_DYNAMODB).toMatch(/^https:/);
    expect(await runProgram(serving)).toEqual(WORKS);
    const { NODE_EXTRA_CA_CERTS, ...distrusting } = serving.env;
    expect(NODE_EXTRA_CA_CERTS).toBe(serving.env.AWS_CA_BUNDLE);
    const { code, stderr } = await startProgram(program, [], { env: distrusting }).ended;
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/UNABLE_TO_VERIFY|SELF_SIGNED/);
    await serving.stop();
  });
});

it('serve ends by SIGTERM as by Ctrl-C', async () => {
  const { command } = await serve();
  command.child.kill('SIGTERM');
  expect(await command.ended).toMatchObject({ code: 0, signal: null });
});

it('serve says which directory it can not use', async () => {
  const { code, stderr } = await sealbench(['serve', '--port', '0', '--kms-port', '0', '--data', program]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^sealbench: --data .*program\.ts: .*EEXIST.* Give a directory.*\n$/);
});

it('a port that another program holds is said to be in use', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const address = other.address();
  const port = typeof address === 'object' && address ? String(address.port) : '';
  const { code, stderr } = await sealbench(['serve', '--port', port, '--kms-port', '0']);
  other.close();
  expect(code).toBe(2);
  expect(stderr).toContain(port);
});

const WORKS = {
  sse: 'ENABLED',
  item: { pk: { S: 'user#1' }, sk: { N: '7' }, data: { S: 'x' } },
  queried: [{ N: '7' }, { N: '10' }],
  disabledWithinLifetime: 'served',
  disabledLater: 'ValidationException: KMS key disabled error',
  enabledAgain: 'served',
};

/** The new images of a table's stream, by the AWS CLI. */
function readStream(serving: Serving, table: string): unknown[] {
  // biome-ignore lint/suspicious/noExplicitAny: answers have as many shapes as there are operations
  const ask = (...words: string[]): any => cli(serving, 'dynamodbstreams', ...words);
  const [{ StreamArn }] = ask('list-streams', '--table-name', table).Streams;
  const { StreamDescription } = ask('describe-stream', '--stream-arn', StreamArn);
  const [{ ShardId }] = StreamDescription.Shards;
  const place = ['--stream-arn', StreamArn, '--shard-id', ShardId, '--shard-iterator-type', 'TRIM_HORIZON'];
  const { ShardIterator } = ask('get-shard-iterator', ...place);
  const { Records } = ask('get-records', '--shard-iterator', ShardIterator);
  return Records.map(({ dynamodb }: { dynamodb: { NewImage: unknown } }) => dynamodb.NewImage);
}

async function runProgram({ env }: Serving): Promise<unknown> {
  const { code, stdout, stderr } = await startProgram(program, [], { env }).ended;
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

function cli({ env }: Serving, ...args: string[]): Record<string, unknown> {
  const { PATH, HOME } = process.env;
  const { status, stdout, stderr } = spawnSync('aws', [...args, '--output', 'json'], {
    encoding: 'utf8',
    env: { PATH, HOME, ...env },
  });
  if (status !== 0) throw new Error(`aws ${args.join(' ')}: ${stderr}`);
  return stdout.trim() === '' ? {} : JSON.parse(stdout);
}
