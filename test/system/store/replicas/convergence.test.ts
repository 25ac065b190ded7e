import fc from 'fast-check';
import { expect, test } from 'vitest';
import { alice } from '../harness.ts';
import { addReplica, contents, IRELAND, MAIN, makeTable, SINGAPORE, startWorld } from './world.ts';

const REGIONS = [MAIN, IRELAND, SINGAPORE] as const;
const KEYS = ['a', 'b', 'c', 'd'];

type Step =
  | { do: 'put' | 'delete'; region: (typeof REGIONS)[number]; key: string }
  | { do: 'wait'; ms: number }
  | { do: 'restart' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constantFrom('put' as const, 'put' as const, 'delete' as const),
      region: fc.constantFrom(...REGIONS),
      key: fc.constantFrom(...KEYS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 4000 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
);

test('whatever is written where, however late it arrives and whoever restarts: all Regions end with what was written last', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 50 }),
      fc.constantFrom(0, 700, 5000),
      async (steps, replicationDelay_ms) => {
        const world = await startWorld(REGIONS, { replicationDelay_ms });
        try {
          await makeTable(world.dynamodb(MAIN), 'songs');
          await addReplica(world.dynamodb(MAIN), 'songs', IRELAND);
          await world.advance(20_000);
          await addReplica(world.dynamodb(IRELAND), 'songs', SINGAPORE);
          await world.advance(20_000);
          const last = new Map<string, string>();
          for (const [index, taken] of steps.entries()) {
            // Each at a moment of its own, so that it is known who was last.
            world.clock.advance(1);
            if (taken.do === 'wait') await world.advance(taken.ms);
            else if (taken.do === 'restart') await world.reopen();
            else {
              const value = taken.do === 'put' ? `write ${index}` : undefined;
              const old = await write(world.storeIn(taken.region), taken.key, value);
              if (value !== undefined) last.set(taken.key, value);
              // Of an item that has not arrived there is nothing to remove.
              else if (old !== undefined) last.delete(taken.key);
            }
          }
          await world.advance(20_000);
          const wanted = Object.fromEntries(
            [...last].sort().map(([key, value]) => [key, { pk: { S: key }, value: { S: value } }]),
          );
          for (const region of REGIONS) {
            expect(await contents(world.dynamodb(region), 'songs')).toEqual(wanted);
          }
        } finally {
          await world.close();
        }
      },
    ),
    { numRuns: 12 },
  );
}, 60_000);

async function write(
  store: ReturnType<Awaited<ReturnType<typeof startWorld>>['storeIn']>,
  key: string,
  value: string | undefined,
): Promise<unknown> {
  const body =
    value === undefined
      ? { TableName: 'songs', Key: { pk: { S: key } }, ReturnValues: 'ALL_OLD' }
      : { TableName: 'songs', Item: { pk: { S: key }, value: { S: value } } };
  const context = { principal: alice.principal, connectionId: 1 };
  const operation = value === undefined ? 'DeleteItem' : 'PutItem';
  const answer = (await store.execute(operation, body, context)) as { Attributes?: unknown };
  return answer.Attributes;
}
