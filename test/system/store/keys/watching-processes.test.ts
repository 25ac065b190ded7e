import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import type { KeyMessage } from '../../../../src/system/store/types.ts';
import { itemsOf, restore } from '../backups/backup-harness.ts';
import { type Answers, type Bench, hashTable, startBench } from '../harness.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const PROCESSES = 3;
const TABLES = 8;
const KEY_CHANGE_MS = 22_000;

/** Processes over the bench's directory, each with the bench's time; the bench's store looks now and then, too. */
class Watchers {
  #passed = 0;
  #onPassed = () => {};
  readonly #bench: Bench;
  readonly #children: ChildProcess[];

  /** @param told gets what owners are told */
  constructor(bench: Bench, told: string[]) {
    this.#bench = bench;
    const directory = join(bench.directory, 'store');
    const script = join(import.meta.dirname, 'watching-process.ts');
    const args = [script, bench.kms.url, directory, String(bench.clock.now_ns()), String(KEY_CHANGE_MS)];
    this.#children = Array.from({ length: PROCESSES }, () =>
      spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }),
    );
    for (const { stdout } of this.#children) {
      createInterface({ input: stdout! }).on('line', (line) => {
        if (line !== 'passed') told.push(line);
        else if (++this.#passed % PROCESSES === 0) this.#onPassed();
      });
    }
  }

  /** All at once, in steps that are short beside what a process claims for itself. */
  async pass(duration_ms: number): Promise<void> {
    this.#bench.clock.advance(duration_ms);
    const ready = this.ready();
    for (const { stdin } of this.#children) stdin!.write(`${duration_ms}\n`);
    await ready;
  }

  ready(): Promise<void> {
    return new Promise((resolve) => {
      this.#onPassed = resolve;
    });
  }

  async stop(): Promise<void> {
    await Promise.all(
      this.#children.map((child) => {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.stdin!.end();
        return gone;
      }),
    );
  }
}

interface Watched {
  bench: Bench;
  watchers: Watchers;
  tables: string[];
  arns: string[];
  told: string[];
}

async function startWatched(): Promise<Watched> {
  const told: string[] = [];
  const notify = ({ event, table }: KeyMessage) => void told.push(`told ${event} ${table}`);
  const bench = await startBench({ storage: 'lmdb', keyChange_ms: KEY_CHANGE_MS, notify });
  const tables = Array.from({ length: TABLES }, (_, index) => `table-${index}`);
  const arns: string[] = [];
  for (const TableName of tables) {
    const { KeyMetadata } = await bench.asUser('CreateKey', {});
    arns.push(KeyMetadata.Arn);
    const SSESpecification = { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KeyMetadata.Arn };
    await bench.run('CreateTable', { ...hashTable, TableName, SSESpecification });
    for (const pk of ['a', 'b']) await bench.run('PutItem', { TableName, Item: { pk: { S: pk } } });
  }
  const watchers = new Watchers(bench, told);
  await watchers.ready();
  onTestFinished(async () => {
    await watchers.stop();
    await bench.close();
  });
  return { bench, watchers, tables, arns, told };
}

const described = async (bench: Bench, TableName: string): Promise<Answers> =>
  (await bench.run('DescribeTable', { TableName })).Table;

it('archive tables once, and tell of each thing once, however many processes watch', async () => {
  const { bench, watchers, tables, arns, told } = await startWatched();
  const events = (event: string) => tables.map((table) => `told ${event} ${table}`);
  for (const KeyId of arns) await bench.asUser('DisableKey', { KeyId });
  for (let step = 0; step < 5; step++) await watchers.pass(4 * MINUTE_MS);
  await expect.poll(() => told.sort()).toEqual(events('key-inaccessible'));
  await watchers.pass(7 * DAY_MS - 10 * MINUTE_MS);
  for (let step = 0; step < 4; step++) await watchers.pass(4 * MINUTE_MS);
  await expect.poll(() => told.sort()).toEqual([...events('key-inaccessible'), ...events('table-archived')]);
  for (const [index, TableName] of tables.entries()) {
    const { TableStatus, ArchivalSummary } = await described(bench, TableName);
    expect(TableStatus).toBe('ARCHIVED');
    const { BackupSummaries } = await bench.run('ListBackups', { TableName, BackupType: 'ALL' });
    const BackupArn = ArchivalSummary.ArchivalBackupArn;
    expect(BackupSummaries).toMatchObject([{ BackupArn }]);
    await bench.asUser('EnableKey', { KeyId: arns[index] });
    await restore(bench, BackupArn, `again-${index}`);
    expect(await itemsOf(bench, `again-${index}`)).toHaveLength(2);
  }
});

it('end changes of keys once, and leave every item readable and one grant a table', async () => {
  const { bench, watchers, tables, arns, told } = await startWatched();
  const { KeyMetadata } = await bench.asUser('CreateKey', {});
  const SSESpecification = { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: KeyMetadata.Arn };
  for (const TableName of tables) await bench.run('UpdateTable', { TableName, SSESpecification });
  await watchers.pass(KEY_CHANGE_MS);
  for (let step = 0; step < 3; step++) await watchers.pass(MINUTE_MS);
  for (const [index, TableName] of tables.entries()) {
    const { SSEDescription } = await described(bench, TableName);
    expect(SSEDescription).toMatchObject({ Status: 'ENABLED', KMSMasterKeyArn: KeyMetadata.Arn });
    await expect
      .poll(async () => (await bench.asUser('ListGrants', { KeyId: arns[index] })).Grants)
      .toHaveLength(0);
    await bench.asUser('DisableKey', { KeyId: arns[index] });
    expect(await itemsOf(bench, TableName)).toHaveLength(2);
  }
  const { Grants } = await bench.asUser('ListGrants', { KeyId: KeyMetadata.Arn });
  expect(Grants).toHaveLength(TABLES);
  expect(told).toEqual([]);
});
