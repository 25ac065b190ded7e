import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { type Answers, type Bench, startBench } from '../harness.ts';
import type { IndexCrash } from './crash-index.ts';
import { gamesTable, globalIndex } from './indexed.ts';

/** Three transactions of filling. */
const ITEMS = 120;
const PASS_MS = 2000;

const create = {
  TableName: 'games',
  AttributeDefinitions: [{ AttributeName: 'city', AttributeType: 'S' }],
  GlobalSecondaryIndexUpdates: [{ Create: globalIndex('cities', ['city'], { ProjectionType: 'ALL' }) }],
};
const remove = { TableName: 'games', GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'cities' } }] };

/** Runs it to its death, or to its end. @returns what it told */
async function run(
  bench: Bench,
  crash: Pick<IndexCrash, 'exclusive' | 'body' | 'write' | 'moment'>,
): Promise<string[]> {
  await bench.store.close();
  const whole: IndexCrash = {
    ...crash,
    kmsUrl: bench.kms.url,
    directory: join(bench.directory, 'store'),
    now_ns: bench.clock.now_ns(),
    pass_ms: PASS_MS,
  };
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'crash-index.ts'), JSON.stringify(whole)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const told: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) told.push(line);
  await bench.reopen();
  return told;
}

async function index(bench: Bench): Promise<Answers> {
  const { Table } = await bench.run('DescribeTable', { TableName: 'games' });
  return Table.GlobalSecondaryIndexes.find(({ IndexName }: Answers) => IndexName === 'cities');
}

it.each([
  ['straight into LMDB', false],
  ['through the log', true],
])(
  'after kill -9 at any point, %s, an index is filled or removed to the end, or was never asked for',
  async (_how, exclusive) => {
    const bench = await startBench({ storage: 'lmdb' });
    onTestFinished(() => bench.close());
    await bench.run('CreateTable', gamesTable);
    for (let n = 0; n < ITEMS; n++) {
      const Item = { user: { S: `u${n}` }, title: { S: 'go' }, city: { S: `c${n % 3}` } };
      await bench.run('PutItem', { TableName: 'games', Item });
    }
    const seen = new Set<string>();
    let died = 0;
    const attempt = async (body: object, write: number, moment: IndexCrash['moment']) => {
      const told = await run(bench, { exclusive, body, write, moment });
      const state = (await index(bench))?.IndexStatus;
      seen.add(`${body === create ? 'create' : 'delete'} ${state}`);
      await bench.advance(PASS_MS);
      if (!told.includes('ended')) died += 1;
      return told.includes('ended');
    };
    const settle = async (body: object, wanted: boolean) => {
      if (((await index(bench)) !== undefined) !== wanted) {
        await bench.run('UpdateTable', body);
        await bench.advance(PASS_MS);
      }
    };
    for (const body of [create, remove]) {
      let ended = false;
      for (let write = 1; !ended; write++) {
        for (const moment of ['during', 'after'] as const) {
          if (ended) break;
          await settle(body === create ? remove : create, body === remove);
          ended = await attempt(body, write, moment);
          const found = await index(bench);
          if (found === undefined) continue;
          expect(found).toMatchObject({ IndexStatus: 'ACTIVE', ItemCount: ITEMS });
          const { Count } = await bench.run('Scan', {
            TableName: 'games',
            IndexName: 'cities',
            Select: 'COUNT',
          });
          expect(Count).toBe(ITEMS);
        }
      }
    }
    expect(died).toBeGreaterThan(12);
    expect(seen).toEqual(
      new Set([
        'create undefined',
        'create CREATING',
        'create ACTIVE',
        'delete ACTIVE',
        'delete DELETING',
        'delete undefined',
      ]),
    );
  },
  120_000,
);
