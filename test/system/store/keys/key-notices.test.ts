import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyMessage } from '../../../../src/system/store/types.ts';
import { ACCOUNT, type Bench, hashTable, REGION, startBench } from '../harness.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

describe('the owner of a table whose KMS key is lost', () => {
  let bench: Bench;
  let arn: string;
  let told: KeyMessage[];
  let broken: boolean;
  let attempts: number;
  beforeEach(async () => {
    told = [];
    broken = false;
    attempts = 0;
    const notify = async (message: KeyMessage) => {
      attempts += 1;
      if (broken) throw new Error('mailbox full');
      told.push(message);
    };
    bench = await startBench({ storage: 'lmdb', notify });
    arn = (await bench.asUser('CreateKey', {})).KeyMetadata.Arn;
    const SSESpecification = { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: arn };
    await bench.run('CreateTable', { ...hashTable, SSESpecification });
  });
  afterEach(() => bench.close());

  const described = async () => (await bench.run('DescribeTable', { TableName: 'users' })).Table;
  const events = () => told.map(({ event }) => event);

  it('is told as soon as it is found, with the table, the account, the key, since when, and what to do by when', async () => {
    await bench.asUser('DisableKey', { KeyId: arn });
    await bench.advance(20 * MINUTE_MS);
    const since_ms = (await described()).SSEDescription.InaccessibleEncryptionDateTime * 1000;
    const since = new Date(since_ms).toISOString();
    const deadline = new Date(since_ms + 7 * DAY_MS).toISOString();
    expect(told).toMatchObject([{ time: since, event: 'key-inaccessible', table: 'users', keyArn: arn }]);
    const [{ subject, body }] = told as [KeyMessage];
    expect(subject).toBe(
      `DynamoDB table users in ${REGION}: its KMS key is inaccessible, act before ${deadline}`,
    );
    for (const line of [
      'Table:              users',
      `Account:            ${ACCOUNT}`,
      `Region:             ${REGION}`,
      `KMS key:            ${arn}`,
      `Inaccessible since: ${since}`,
      `Deadline:           ${deadline} (7 days)`,
      '- If the key is disabled, enable it.',
    ]) {
      expect(body.split('\n')).toContain(line);
    }
    await bench.advance(DAY_MS);
    expect(told).toHaveLength(1);
  });

  it('is told when the key is back, and of nothing when it was refused but once', async () => {
    await bench.asUser('DisableKey', { KeyId: arn });
    await bench.advance(9 * MINUTE_MS);
    await bench.asUser('EnableKey', { KeyId: arn });
    await bench.advance(30 * MINUTE_MS);
    expect(told).toEqual([]);
    await bench.asUser('DisableKey', { KeyId: arn });
    await bench.advance(20 * MINUTE_MS);
    await bench.asUser('EnableKey', { KeyId: arn });
    await bench.advance(8 * MINUTE_MS);
    expect(events()).toEqual(['key-inaccessible', 'key-accessible']);
    expect(told[1]!.subject).toBe(`DynamoDB table users in ${REGION}: its KMS key is accessible again`);
  });

  it('is told of the archival, with the backup', async () => {
    await bench.asUser('DisableKey', { KeyId: arn });
    await bench.advance(8 * DAY_MS);
    expect(events()).toEqual(['key-inaccessible', 'table-archived']);
    const { ArchivalSummary } = await described();
    expect(told[1]!.body.split('\n')).toContain(`Backup:             ${ArchivalSummary.ArchivalBackupArn}`);
    expect(Date.parse(told[1]!.time)).toBe(ArchivalSummary.ArchivalDateTime * 1000);
  });

  it('is told later, once and in order, when messages did not get out: a restart forgets none', async () => {
    broken = true;
    await bench.asUser('DisableKey', { KeyId: arn });
    await bench.advance(20 * MINUTE_MS);
    await bench.asUser('EnableKey', { KeyId: arn });
    await bench.advance(8 * MINUTE_MS);
    expect((await described()).TableStatus).toBe('ACTIVE');
    expect(told).toEqual([]);
    await bench.reopen();
    broken = false;
    await bench.advance(10 * MINUTE_MS);
    expect(events()).toEqual(['key-inaccessible', 'key-accessible']);
    const made = attempts;
    await bench.advance(DAY_MS);
    expect(attempts).toBe(made);
  });

  it('is not asked for ever where nothing gets out while days are made to pass', async () => {
    broken = true;
    await bench.asUser('DisableKey', { KeyId: arn });
    await bench.advance(6 * DAY_MS);
    expect(attempts).toBeLessThan(5);
  });
});
