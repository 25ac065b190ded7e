import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { realClock } from '../../../../src/std/clock.ts';
import { type Answers, type Bench, sortTable, startBench } from '../harness.ts';
import { allRecords, arnOfStream } from './streamed.ts';

/** Runs the writer of the items' crash test, and kills it once it has told of so many writes. */
async function writeUntilKilled(bench: Bench, first: number, writes: number, exclusive: boolean) {
  const script = join(import.meta.dirname, '..', 'crash-writer.ts');
  const child = spawn(
    process.execPath,
    [script, bench.kms.url, join(bench.directory, 'store'), String(first), String(exclusive)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let told = 0;
  for await (const _ of createInterface({ input: child.stdout })) {
    told += 1;
    if (told === writes) child.kill('SIGKILL');
  }
  expect(told).toBeGreaterThanOrEqual(writes);
}

const nameOf = ({ pk, sk }: Answers) => `${pk.S}/${sk.N}`;

it.each([
  ['straight into LMDB', false],
  ['through the log', true],
])(
  'after kill -9 an item and the record of its change are both there, or neither: %s',
  async (_how, exclusive) => {
    // The writer lives by the machine's clock.
    const bench = await startBench({ storage: 'lmdb', clock: realClock });
    const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' };
    await bench.run('CreateTable', { ...sortTable, StreamSpecification });
    for (const [round, writes] of [120, 300].entries()) {
      await writeUntilKilled(bench, round * 10_000, writes, exclusive);
      await bench.reopen();
      const replayed = new Map<string, Answers>();
      for (const { dynamodb } of await allRecords(bench, await arnOfStream(bench, 'events'))) {
        const name = nameOf(dynamodb.Keys);
        expect(dynamodb.OldImage).toEqual(replayed.get(name));
        if (dynamodb.NewImage === undefined) replayed.delete(name);
        else replayed.set(name, dynamodb.NewImage);
      }
      const { Items } = await bench.run('Scan', { TableName: 'events' });
      expect(new Map(Items.map((item: Answers) => [nameOf(item), item]))).toEqual(replayed);
      expect(replayed.size).toBeGreaterThan(50);
    }
    await bench.close();
  },
  30_000,
);
