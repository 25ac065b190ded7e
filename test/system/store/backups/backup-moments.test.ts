import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { LmdbEngine } from '../../../../src/system/store/engine/engine-lmdb.ts';
import { tableData } from '../../../../src/system/store/layout.ts';
import { type Answers, type Bench, sortTable, startBench } from '../harness.ts';
import { ROUND, roundAt, roundItem } from '../rounds.ts';
import { active, backUp, ended, itemsOf, restore } from './backup-harness.ts';

const DAY_MS = 86_400_000;

const ENGINES = [
  ['in memory', { storage: 'memory' }],
  ['in LMDB', { storage: 'lmdb' }],
  ['in LMDB behind a log', { storage: 'lmdb', exclusive: true }],
] as const;

let bench: Bench;
afterEach(() => bench.close());

const itemOf = (index: number, value: number) => ({
  pk: { S: `p${index % 3}` },
  sk: { N: String(index) },
  value: { S: 'v'.repeat(value) },
});

const encryptedBy = (arn: string) => ({ Enabled: true, SSEType: 'KMS', KMSMasterKeyId: arn });
const createKey = async (): Promise<string> => (await bench.asUser('CreateKey', {})).KeyMetadata.Arn;

describe.each(ENGINES)('a backup, %s,', (_where, options) => {
  it('is the table at its time, whatever is written and whatever becomes of the key afterwards', async () => {
    bench = await startBench(options);
    const keys = [await createKey(), await createKey()];
    const step = fc.oneof(
      { weight: 8, arbitrary: fc.record({ put: fc.nat(150), value: fc.nat(600) }) },
      { weight: 4, arbitrary: fc.record({ remove: fc.nat(150) }) },
      { weight: 2, arbitrary: fc.constant('back up' as const) },
      { weight: 1, arbitrary: fc.constant('change the key' as const) },
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 120, size: 'max' }), async (steps) => {
        const TableName = `table-${run++}`;
        let key = 0;
        await bench.run('CreateTable', { ...sortTable, TableName, SSESpecification: encryptedBy(keys[0]!) });
        const model = new Map<number, string>();
        const backups = new Map<string, string[]>();
        for (const made of steps) {
          if (made === 'back up') {
            for (const arn of backups.keys()) await ended(bench, arn);
            const { BackupDetails } = await bench.run('CreateBackup', { TableName, BackupName: 'then' });
            backups.set(BackupDetails.BackupArn, [...model.values()].sort());
          } else if (made === 'change the key') {
            key = 1 - key;
            const SSESpecification = encryptedBy(keys[key]!);
            await bench.run('UpdateTable', { TableName, SSESpecification });
            await bench.advance(DAY_MS);
          } else if ('put' in made) {
            const Item = itemOf(made.put, made.value);
            await bench.run('PutItem', { TableName, Item });
            model.set(made.put, JSON.stringify(Item));
          } else {
            const { pk, sk } = itemOf(made.remove, 0);
            await bench.run('DeleteItem', { TableName, Key: { pk, sk } });
            model.delete(made.remove);
          }
        }
        for (const arn of backups.keys()) await ended(bench, arn);
        await bench.run('DeleteTable', { TableName });
        for (const [index, [arn, items]] of [...backups].entries()) {
          const { ItemCount } = await restore(bench, arn, `${TableName}-${index}`);
          expect(await itemsOf(bench, `${TableName}-${index}`)).toEqual(items);
          expect(ItemCount).toBe(items.length);
        }
      }),
      { seed: 11, numRuns: 12 },
    );
  }, 60_000);

  it('is of one moment, while writes go on', async () => {
    bench = await startBench(options);
    await bench.run('CreateTable', sortTable);
    for (let number = 0; number < ROUND; number++)
      await bench.run('PutItem', { TableName: 'events', Item: roundItem(number) });
    let begun = ROUND;
    let told = ROUND - 1;
    let writing = true;
    const writer = (async () => {
      for (; writing; await new Promise(setImmediate)) {
        const number = begun++;
        await bench.run('PutItem', { TableName: 'events', Item: roundItem(number) });
        told = number;
      }
    })();
    for (let round = 0; round < 3; round++) {
      const before = told;
      const { BackupDetails } = await bench.run('CreateBackup', { TableName: 'events', BackupName: 'now' });
      const after = begun;
      expect(BackupDetails.BackupStatus).toBe('CREATING');
      await ended(bench, BackupDetails.BackupArn);
      await restore(bench, BackupDetails.BackupArn, `restored-${round}`);
      const { Items } = await bench.run('Scan', { TableName: `restored-${round}` });
      const numbers = Items.map(({ number }: Answers) => Number(number.N)).sort(
        (a: number, b: number) => a - b,
      );
      const last = numbers.at(-1);
      expect(last).toBeGreaterThanOrEqual(before);
      expect(last).toBeLessThan(after);
      expect(numbers).toEqual(roundAt(last).map(({ number }) => Number(number.N)));
    }
    writing = false;
    await writer;
  }, 30_000);
});

describe('what is kept of a backup', () => {
  const SECRETS = ['partition-secret', 'sort-secret', 'name-secret', 'attribute-secret'];

  it('shows nothing of the items, and neither does the table that is restored from it', async () => {
    bench = await startBench({ storage: 'lmdb' });
    const definitions = [
      { AttributeName: 'pk', AttributeType: 'S' },
      { AttributeName: 'sk', AttributeType: 'S' },
    ];
    await bench.run('CreateTable', { ...sortTable, AttributeDefinitions: definitions });
    for (let number = 0; number < 60; number++) {
      const Item = {
        pk: { S: 'partition-secret' },
        sk: { S: `sort-secret-${number}` },
        'name-secret': { S: `attribute-secret-${number}` },
      };
      await bench.run('PutItem', { TableName: 'events', Item });
    }
    await restore(bench, await backUp(bench, 'events'), 'restored');
    expect(await itemsOf(bench, 'restored')).toHaveLength(60);
    const directory = join(bench.directory, 'store');
    const bytes = Buffer.concat(readdirSync(directory).map((name) => readFileSync(join(directory, name))));
    for (const secret of SECRETS) expect(bytes.includes(secret)).toBe(false);
  });

  it('opens where it was made for alone: of a backup that was changed comes no table', async () => {
    bench = await startBench({ storage: 'lmdb' });
    await bench.run('CreateTable', sortTable);
    for (let number = 0; number < 3; number++)
      await bench.run('PutItem', { TableName: 'events', Item: itemOf(number, 10) });
    const BackupArn = await backUp(bench, 'events');
    const engine = new LmdbEngine(join(bench.directory, 'store'));
    // The table has number 1.
    const records = [...engine.range({ ...tableData(2), includeStart: true })];
    expect(records).toHaveLength(3);
    const [first, second] = records as [(typeof records)[0], (typeof records)[0]];
    await engine.write((transaction) => {
      transaction.put(first.key, Buffer.from(second.value));
      transaction.put(second.key, Buffer.from(first.value));
    });
    await engine.close();
    await bench.run('RestoreTableFromBackup', { BackupArn, TargetTableName: 'restored' });
    await expect(active(bench, 'restored')).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    expect((await bench.run('ListTables', {})).TableNames).toEqual(['events']);
    await bench.run('DeleteBackup', { BackupArn });
  });
});
