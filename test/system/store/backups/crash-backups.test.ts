import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { LmdbEngine } from '../../../../src/system/store/engine/engine-lmdb.ts';
import { type Answers, type Bench, sortTable, startBench } from '../harness.ts';
import { ROUND, roundAt, roundItem } from '../rounds.ts';

/** Kills the process with SIGKILL some lines after the `nth` that begins with `word`; returns what it told. */
async function killedAfter(
  bench: Bench,
  first: number,
  exclusive: boolean,
  { word, nth, lines }: { word: string; nth: number; lines: number },
): Promise<string[]> {
  const script = join(import.meta.dirname, 'crash-backups.ts');
  const child = spawn(
    process.execPath,
    [script, bench.kms.url, join(bench.directory, 'store'), String(first), String(exclusive)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const told: string[] = [];
  let seen = 0;
  let left = lines;
  for await (const line of createInterface({ input: child.stdout })) {
    told.push(line);
    if (line.startsWith(word)) seen += 1;
    if (seen >= nth && left-- === 0) child.kill('SIGKILL');
  }
  return told;
}

const told = (lines: readonly string[], word: string) =>
  lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));

async function itemsOf(bench: Bench, TableName: string): Promise<Answers[]> {
  const { Items } = await bench.run('Scan', { TableName });
  return Items.sort((a: Answers, b: Answers) => a.number.N - b.number.N);
}

async function settled(bench: Bench): Promise<{ backups: string[]; tables: string[] }> {
  for (;;) {
    const { BackupSummaries } = await bench.run('ListBackups', {});
    const { TableNames } = await bench.run('ListTables', {});
    const tables = await Promise.all(
      TableNames.map((TableName: string) => bench.run('DescribeTable', { TableName })),
    );
    const waiting =
      BackupSummaries.some(({ BackupStatus }: Answers) => BackupStatus === 'CREATING') ||
      tables.some(({ Table }) => Table.TableStatus === 'CREATING');
    if (!waiting)
      return { backups: BackupSummaries.map(({ BackupArn }: Answers) => BackupArn), tables: TableNames };
    await new Promise(setImmediate);
  }
}

/** It is a moment of the table that was backed up. */
async function checkMoment(bench: Bench, TableName: string): Promise<void> {
  const items = await itemsOf(bench, TableName);
  expect(items).toEqual(roundAt(Number(items.at(-1).number.N)));
  const { Table } = await bench.run('DescribeTable', { TableName });
  expect(Table.ItemCount).toBe(items.length);
}

/** Numbers of tables and backups that have items. */
async function numbersInUse(directory: string): Promise<number[]> {
  const engine = new LmdbEngine(directory);
  const numbers = new Set<number>();
  for (const { key } of engine.range({ start: Buffer.of(16), end: Buffer.of(17), includeStart: true }))
    numbers.add(key.readUInt32BE(1));
  await engine.close();
  return [...numbers];
}

it.each([
  ['straight into LMDB', false],
  ['through the log', true],
])(
  'has each backup whole or not at all after kill -9, and goes on with each restore: %s',
  async (_how, exclusive) => {
    const bench = await startBench({ storage: 'lmdb' });
    await bench.run('CreateTable', sortTable);
    for (let number = 0; number < ROUND; number++)
      await bench.run('PutItem', { TableName: 'events', Item: roundItem(number) });
    let first = ROUND;
    const available = new Set<string>();
    for (const kill of [
      { word: 'backup', nth: 1, lines: 0 },
      { word: 'backup', nth: 2, lines: 1 },
      { word: 'restoring', nth: 1, lines: 0 },
      { word: 'restoring', nth: 1, lines: 2 },
    ]) {
      await bench.store.close();
      const lines = await killedAfter(bench, first, exclusive, kill);
      first = Number(told(lines, 'put').at(-1) ?? first - 1) + 1;
      for (const arn of told(lines, 'available')) available.add(arn);
      await bench.reopen();
      const { backups, tables } = await settled(bench);
      expect(backups).toEqual(expect.arrayContaining([...available]));
      expect(tables).toEqual(
        expect.arrayContaining([...told(lines, 'restoring'), ...told(lines, 'restored')]),
      );
      for (const TableName of tables) await checkMoment(bench, TableName);
      for (const [index, BackupArn] of backups.entries()) {
        const TargetTableName = `again-${first}-${index}`;
        await bench.run('RestoreTableFromBackup', { BackupArn, TargetTableName });
        await settled(bench);
        await checkMoment(bench, TargetTableName);
        await bench.run('DeleteTable', { TableName: TargetTableName });
      }
    }
    const { backups, tables } = await settled(bench);
    for (const TableName of tables) await bench.run('DeleteTable', { TableName });
    for (const BackupArn of backups) await bench.run('DeleteBackup', { BackupArn });
    // A store removes what was deleted; one that is opened anew, what another had no time for.
    for (;;) {
      await bench.store.close();
      if ((await numbersInUse(join(bench.directory, 'store'))).length === 0) break;
      await bench.reopen();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await bench.close();
  },
  60_000,
);
