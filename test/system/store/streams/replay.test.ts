import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Answers, type Bench, sortTable, startBench } from '../harness.ts';
import { allRecords, arnOfStream, HOUR_MS } from './streamed.ts';

type Step =
  | { do: 'put'; pk: number; sk: number; v: number }
  | { do: 'update'; pk: number; sk: number; v: number }
  | { do: 'delete'; pk: number; sk: number }
  | { do: 'batch'; keys: [number, number][]; v: number }
  | { do: 'pass'; hours: number }
  | { do: 'reopen' };

const pk = fc.nat(2);
const sk = fc.nat(3);
const v = fc.nat(3);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('put' as const), pk, sk, v }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('update' as const), pk, sk, v }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('delete' as const), pk, sk }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('batch' as const),
      keys: fc.uniqueArray(fc.tuple(pk, sk), { minLength: 1, maxLength: 5, selector: String }),
      v,
    }),
  },
  // At most 23 hours in all: nothing is trimmed.
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), hours: fc.constantFrom(0, 1, 3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
);

const TableName = 'events';
const keyOf = (p: number, s: number) => ({ pk: { S: `p${p}` }, sk: { N: String(s) } });

async function perform(bench: Bench, action: Step): Promise<void> {
  switch (action.do) {
    case 'put':
      await bench.run('PutItem', { TableName, Item: itemOf(action.pk, action.sk, action.v) });
      return;
    case 'update':
      await bench.run('UpdateItem', {
        TableName,
        Key: keyOf(action.pk, action.sk),
        UpdateExpression: 'SET u = :u',
        ExpressionAttributeValues: { ':u': { N: String(action.v) } },
      });
      return;
    case 'delete':
      await bench.run('DeleteItem', { TableName, Key: keyOf(action.pk, action.sk) });
      return;
    case 'batch': {
      const requests = action.keys.map(([p, s], i) =>
        i % 2 === 0
          ? { PutRequest: { Item: itemOf(p, s, action.v) } }
          : { DeleteRequest: { Key: keyOf(p, s) } },
      );
      await bench.run('BatchWriteItem', { RequestItems: { [TableName]: requests } });
      return;
    }
    case 'pass':
      bench.clock.advance(action.hours * HOUR_MS);
      return;
    case 'reopen':
      await bench.reopen();
  }
}

function itemOf(p: number, s: number, value: number) {
  return { ...keyOf(p, s), v: { N: String(value) } };
}

const nameOf = ({ pk, sk }: Answers) => `${pk.S}/${sk.N}`;

it.each([false, true])(
  'what a stream tells, replayed, is the table: across shards and restarts, exclusive: %s',
  async (exclusive) => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const bench = await startBench({ storage: 'lmdb', exclusive, dataKeyUses: 7 });
        try {
          await bench.run('CreateTable', {
            ...sortTable,
            StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
          });
          let hours = 0;
          for (const action of steps) {
            if (action.do === 'pass') hours += action.hours;
            if (hours <= 23) await perform(bench, action);
          }
          const replayed = new Map<string, Answers>();
          const records = await allRecords(bench, await arnOfStream(bench, TableName), 3);
          for (const { eventName, dynamodb } of records) {
            const name = nameOf(dynamodb.Keys);
            expect(dynamodb.OldImage).toEqual(replayed.get(name));
            expect(eventName).toBe(
              dynamodb.NewImage === undefined ? 'REMOVE' : replayed.has(name) ? 'MODIFY' : 'INSERT',
            );
            expect(dynamodb.NewImage).not.toEqual(dynamodb.OldImage);
            if (dynamodb.NewImage === undefined) replayed.delete(name);
            else replayed.set(name, dynamodb.NewImage);
          }
          const { Items } = await bench.run('Scan', { TableName });
          expect(new Map(Items.map((item: Answers) => [nameOf(item), item]))).toEqual(replayed);
          const numbers = records.map(({ dynamodb }) => dynamodb.SequenceNumber);
          expect(numbers).toEqual([...new Set(numbers)].sort());
        } finally {
          await bench.close();
        }
      }),
      { numRuns: 30, seed: 24 },
    );
  },
  60_000,
);
