/** An endpoint that refuses: what is said, and what is left behind. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { openTestbed } from '../../src/testbed/testbed.ts';
import { parseWorkload } from '../../src/workload/workload.ts';

type Answer = object | string | { code: string };

/** An endpoint with answers by operation, and the names of the operations it got. */
async function endpoint(
  answers: Record<string, Answer | Answer[]>,
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const operation = await operationOf(request);
    const listed = answers[operation];
    const answer = (Array.isArray(listed) ? (listed.length > 1 ? listed.shift() : listed[0]) : listed) ?? {};
    asked.push(operation);
    const failed = typeof answer === 'object' && 'code' in answer;
    const body = failed ? { __type: `x#${answer.code}`, message: 'no' } : answer;
    response.writeHead(failed ? 400 : 200).end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function operationOf(request: IncomingMessage): Promise<string> {
  for await (const _ of request);
  return String(request.headers['x-amz-target']).split('.')[1]!;
}

function armsOf(settings: string) {
  const text = `name: x\ntable: { items: 30, itemBytes: 64${settings} }\narrivals: { rate: 1/s }\nphases: [{ for: 20s }]\n`;
  return (target: string, kms?: string) => parseWorkload(text, 'x.yaml', { target, kms }).arms;
}

const owned = armsOf(', encryption: aws-owned');
const ACTIVE = { Table: { TableStatus: 'ACTIVE' } };

beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  return () => vi.unstubAllEnvs();
});

describe('tables', () => {
  it('of which there are several are all made, filled with their own keys, and deleted, even past a failure', async () => {
    const { url, asked } = await endpoint({
      DescribeTable: ACTIVE,
      DeleteTable: [{ code: 'ResourceInUseException' }, {}],
    });
    const testbed = await openTestbed(armsOf(', count: 3, encryption: aws-owned')(url));
    expect(testbed.arms[0]!.target.tables).toEqual([
      'sealbench-default-1',
      'sealbench-default-2',
      'sealbench-default-3',
    ]);
    await testbed.close();
    const times = (operation: string) => asked.filter((name) => name === operation).length;
    expect([times('CreateTable'), times('BatchWriteItem'), times('DeleteTable')]).toEqual([3, 3, 3]);
  });

  it('are made, filled and deleted', async () => {
    const { url, asked } = await endpoint({
      DescribeTable: [{ Table: { TableStatus: 'CREATING' } }, ACTIVE],
    });
    const testbed = await openTestbed(owned(url));
    expect(await testbed.arms[0]!.sample()).toEqual({ store: null, kms: null });
    await testbed.close();
    expect(asked).toEqual([
      ...['CreateTable', 'DescribeTable', 'DescribeTable'],
      ...['BatchWriteItem', 'BatchWriteItem', 'DeleteTable'],
    ]);
  });

  it('get again what the endpoint did not take at first', async () => {
    const { url, asked } = await endpoint({
      DescribeTable: ACTIVE,
      BatchWriteItem: [{ UnprocessedItems: { x: [{}] } }, { UnprocessedItems: {} }],
    });
    await (await openTestbed(owned(url))).close();
    expect(asked.filter((operation) => operation === 'BatchWriteItem')).toHaveLength(3);
  });

  it('of others are left alone', async () => {
    const { url, asked } = await endpoint({ CreateTable: { code: 'ResourceInUseException' } });
    await expect(openTestbed(owned(url))).rejects.toMatchObject({ code: 'E_TABLE_EXISTS' });
    expect(asked).toEqual(['CreateTable']);
  });

  it.each([
    ['CreateTable', { code: 'AccessDeniedException' }, 'CreateTable: AccessDeniedException: no.', false],
    ['CreateTable', '<html>', 'CreateTable: the answer is not JSON.', false],
    ['DescribeTable', { code: 'AccessDeniedException' }, 'DescribeTable: AccessDeniedException: no.', true],
    ['BatchWriteItem', { code: 'AccessDeniedException' }, 'BatchWriteItem: AccessDeniedException: no.', true],
  ])('are not left behind when %s is answered by %j', async (operation, answer, what, deleted) => {
    const { url, asked } = await endpoint({ DescribeTable: ACTIVE, [operation]: answer });
    await expect(openTestbed(owned(url))).rejects.toMatchObject({
      code: 'E_TARGET_REFUSED',
      problems: [{ what, where: url, remedy: expect.stringContaining('credentials') }],
    });
    expect(asked.includes('DeleteTable')).toBe(deleted);
  });
});

describe('keys', () => {
  const managed = armsOf('');

  it('are made for the table, and end with it', async () => {
    const dynamodb = await endpoint({ DescribeTable: ACTIVE });
    const kms = await endpoint({ CreateKey: { KeyMetadata: { Arn: 'arn:aws:kms:us-east-1:1:key/1' } } });
    await (await openTestbed(managed(dynamodb.url, kms.url))).close();
    expect(kms.asked).toEqual(['CreateKey', 'ScheduleKeyDeletion']);
  });

  it.each([
    [{ code: 'AccessDeniedException' }, 'E_TARGET_REFUSED', 'CreateKey: AccessDeniedException: no.'],
    [{}, 'E_KMS_TARGET', 'CreateKey answered without a key.'],
  ])('that can not be made (%j) are bad input', async (CreateKey, code, what) => {
    const dynamodb = await endpoint({ DescribeTable: ACTIVE });
    const kms = await endpoint({ CreateKey });
    await expect(openTestbed(managed(dynamodb.url, kms.url))).rejects.toMatchObject({
      code,
      problems: [{ what, where: kms.url }],
    });
    expect(dynamodb.asked).toEqual([]);
  });
});
