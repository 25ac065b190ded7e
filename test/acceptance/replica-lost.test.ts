/** What a run tells of replicas whose keys are lost, under every count that the servers keep. */
import { expect, test } from 'vitest';
import { terminalReport } from '../../src/report/report.ts';
import { run } from '../../src/run.ts';
import { parseWorkload } from '../../src/workload/workload.ts';

const TEXT = `
name: replica-lost
callers: 2
system: { replicas: [eu-west-1, ap-southeast-1] }
table: { items: 40, itemBytes: 128, count: 2 }
operations: { get: 50, put: 50 }
arrivals: { rate: 60/s }
phases: [{ for: 2s }]
arms:
  kept: { events: [{ at: 1s, do: advance-clock, by: 21h }] }
  lost: { events: [{ at: 500ms, do: disable-replica-key }, { at: 1s, do: advance-clock, by: 21h }] }
  owned: { table: { encryption: aws-owned } }
compare: { blocks: 2 }
seed: 5
`;
const LEFT = 'no longer in the replication group';
const MINUTE_MS = 60_000;

test('a replica leaves 20 hours after its key was found inaccessible, and the main Region goes on', async () => {
  const result = await run(parseWorkload(TEXT, 'replica-lost.yaml'), { lanes: 1 });
  for (const { operations, identities } of result.arms) {
    expect(operations.all).toMatchObject({ errors: {}, missing: 0 });
    expect(identities.filter(({ state }) => state === 'broken')).toEqual([]);
  }
  const [kept, lost, owned] = result.arms;
  expect(kept!.happened!.events.map(({ observed, error }) => ({ observed, error }))).toEqual([
    { observed: [], error: null },
  ]);
  expect(owned!.happened).toBeUndefined();
  const [disabled, advanced] = lost!.happened!.events;
  expect(disabled).toMatchObject({ observed: [], error: null });
  expect(advanced!.error).toBe(null);
  for (const name of ['sealbench-lost-1', 'sealbench-lost-2']) {
    const replica = `replica of ${name} in eu-west-1`;
    const [found, left, ...more] = advanced!.observed.filter(({ what }) => what.startsWith(replica));
    expect(more).toEqual([]);
    expect(found).toMatchObject({
      what: `${replica} INACCESSIBLE_ENCRYPTION_CREDENTIALS`,
      before_ms: null,
    });
    expect(found!.after_ms).toBeGreaterThan(11 * MINUTE_MS);
    expect(found!.after_ms).toBeLessThanOrEqual(20 * MINUTE_MS);
    expect(left!.what).toBe(`${replica} ${LEFT}`);
    // The clock goes on while it is being moved.
    expect(Math.abs(left!.before_ms! - 20 * 60 * MINUTE_MS)).toBeLessThan(MINUTE_MS);
  }
  expect(advanced!.observed).toHaveLength(4);
  expect(terminalReport(result, { color: false, width: 100 }).replace(/\s+/g, ' ')).toContain(
    `eu-west-1 ${LEFT} after 20.3 h`,
  );
}, 60_000);
