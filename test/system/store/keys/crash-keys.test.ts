import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { KeyMessage } from '../../../../src/system/store/types.ts';
import { itemsOf, restore } from '../backups/backup-harness.ts';
import { type Answers, type Bench, sortTable, startBench } from '../harness.ts';
import type { KeyCrash } from './crash-keys.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const ITEMS = 30;

/** Runs it to its death, or to its end; the clock goes on from where it was, or later. @returns what it told */
async function run(
  bench: Bench,
  crash: Pick<KeyCrash, 'exclusive' | 'tableName' | 'changeTo' | 'pass_ms' | 'write' | 'moment'>,
): Promise<string[]> {
  await bench.store.close();
  const directory = join(bench.directory, 'store');
  const whole: KeyCrash = { ...crash, kmsUrl: bench.kms.url, directory, now_ns: bench.clock.now_ns() };
  const child = spawn(process.execPath, [join(import.meta.dirname, 'crash-keys.ts'), JSON.stringify(whole)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const told: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) told.push(line);
  bench.clock.advance(crash.pass_ms);
  await bench.reopen();
  return told;
}

async function createTable(bench: Bench, TableName: string): Promise<string> {
  const arn = await createKey(bench);
  const SSESpecification = { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: arn };
  await bench.run('CreateTable', { ...sortTable, TableName, SSESpecification });
  for (let index = 0; index < ITEMS; index++) {
    const Item = { pk: { S: `p${index % 3}` }, sk: { N: String(index) } };
    await bench.run('PutItem', { TableName, Item });
  }
  return arn;
}

const createKey = async (bench: Bench): Promise<string> =>
  (await bench.asUser('CreateKey', {})).KeyMetadata.Arn;

async function described(bench: Bench, TableName: string): Promise<Answers> {
  return (await bench.run('DescribeTable', { TableName })).Table;
}

const grantsOn = async (bench: Bench, KeyId: string): Promise<number> =>
  (await bench.asUser('ListGrants', { KeyId })).Grants.length;

/** Every point at which it can die: from the first write to the one that is not made. */
async function atEveryPoint(die: (write: number, moment: KeyCrash['moment']) => Promise<string[]>) {
  let points = 0;
  for (let write = 1; ; write++) {
    if ((await die(write, 'during')).includes('ended')) return points;
    await die(write, 'after');
    points += 2;
  }
}

describe.each([
  ['straight into LMDB', false],
  ['through the log', true],
])('after kill -9 at any point, %s,', (_how, exclusive) => {
  it('a change of key is done or not done, every item opens, and no grant is left over', async () => {
    const bench = await startBench({ storage: 'lmdb' });
    onTestFinished(() => bench.close());
    const seen = new Set<string>();
    const points = await atEveryPoint(async (write, moment) => {
      const tableName = `change-${write}-${moment}`;
      const first = await createTable(bench, tableName);
      const second = await createKey(bench);
      const items = await itemsOf(bench, tableName);
      const told = await run(bench, {
        exclusive,
        tableName,
        changeTo: second,
        pass_ms: 2 * MINUTE_MS,
        write,
        moment,
      });
      const { SSEDescription } = await described(bench, tableName);
      expect(await itemsOf(bench, tableName)).toEqual(items);
      await bench.advance(3 * MINUTE_MS);
      const { SSEDescription: after } = await described(bench, tableName);
      expect(after.Status).toBe('ENABLED');
      const isNew = after.KMSMasterKeyArn === second;
      // What was acknowledged happens, and what was begun ends.
      if (told.includes('accepted') || SSEDescription.Status === 'UPDATING') expect(isNew).toBe(true);
      seen.add(`${SSEDescription.Status} ${isNew}`);
      expect(await itemsOf(bench, tableName)).toEqual(items);
      expect([await grantsOn(bench, first), await grantsOn(bench, second)]).toEqual(isNew ? [0, 1] : [1, 0]);
      await bench.asUser('DisableKey', { KeyId: isNew ? first : second });
      await bench.reopen();
      expect(await itemsOf(bench, tableName)).toEqual(items);
      await bench.run('DeleteTable', { TableName: tableName });
      return told;
    });
    expect(points).toBeGreaterThanOrEqual(6);
    expect([...seen].sort()).toEqual(['ENABLED false', 'ENABLED true', 'UPDATING true']);
  }, 60_000);

  it('an archival is done or not done, once, every item opens, and its owner learns of it', async () => {
    const told: string[] = [];
    const notify = ({ event }: KeyMessage) => void told.push(`told ${event}`);
    const bench = await startBench({ storage: 'lmdb', notify });
    onTestFinished(() => bench.close());
    const seen = new Set<string>();
    await atEveryPoint(async (write, moment) => {
      const tableName = `lost-${write}-${moment}`;
      const KeyId = await createTable(bench, tableName);
      const items = await itemsOf(bench, tableName);
      await bench.asUser('DisableKey', { KeyId });
      const crash = { exclusive, tableName, changeTo: undefined, pass_ms: 7.5 * DAY_MS, write, moment };
      told.length = 0;
      const toldByChild = await run(bench, crash);
      const { TableStatus } = await described(bench, tableName);
      seen.add(TableStatus);
      if (TableStatus === 'ACTIVE' || TableStatus === 'INACCESSIBLE_ENCRYPTION_CREDENTIALS') {
        await bench.asUser('EnableKey', { KeyId });
        expect(await itemsOf(bench, tableName)).toEqual(items);
        await bench.asUser('DisableKey', { KeyId });
      }
      await bench.advance(8 * DAY_MS);
      const { TableStatus: after, ArchivalSummary } = await described(bench, tableName);
      expect(after).toBe('ARCHIVED');
      const { BackupSummaries } = await bench.run('ListBackups', { TableName: tableName, BackupType: 'ALL' });
      const { ArchivalBackupArn: BackupArn } = ArchivalSummary;
      expect(BackupSummaries).toMatchObject([{ BackupArn, BackupStatus: 'AVAILABLE' }]);
      const all = [...toldByChild.filter((line) => line.startsWith('told')), ...told];
      // Once more, if it died between telling and knowing that it had told.
      expect([...new Set(all)]).toEqual(['told key-inaccessible', 'told table-archived']);
      expect(all.length).toBeLessThanOrEqual(3);
      await bench.asUser('EnableKey', { KeyId });
      await restore(bench, BackupArn, `again-${write}-${moment}`);
      expect(await itemsOf(bench, `again-${write}-${moment}`)).toEqual(items);
      for (const TableName of [tableName, `again-${write}-${moment}`])
        await bench.run('DeleteTable', { TableName });
      return toldByChild;
    });
    expect([...seen].sort()).toEqual([
      'ACTIVE',
      'ARCHIVED',
      'ARCHIVING',
      'INACCESSIBLE_ENCRYPTION_CREDENTIALS',
    ]);
  }, 60_000);
});
