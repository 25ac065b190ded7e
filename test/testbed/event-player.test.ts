/** Events of a turn: which, in what order, and what becomes of those that go wrong. */
import { expect, it } from 'vitest';
import { realClock } from '../../src/std/clock.ts';
import { playEvents } from '../../src/testbed/testbed.ts';
import type { WorkloadEvent } from '../../src/workload/workload.ts';

const S = 1e9;

function events(...moments_s: number[]): WorkloadEvent[] {
  return moments_s.map((at_s) => ({ at_ns: at_s * S, do: 'wipe-cache' }));
}

/** A turn that began so long ago that all of it is due. */
function turn(from_s: number, to_s: number) {
  return { from_ns: from_s * S, to_ns: to_s * S, start_ns: realClock.now_ns() - (to_s - from_s) * S };
}

const running = new AbortController().signal;

it('plays those that fall into the turn, each after the one before it', async () => {
  const order: string[] = [];
  const happen = async ({ at_ns }: WorkloadEvent) => {
    order.push(`${at_ns / S} begins`);
    await Promise.resolve();
    order.push(`${at_ns / S} ends`);
    return [];
  };
  const played = events(1, 2, 3.5, 4, 9);
  const records = await playEvents(played, happen as never, turn(2, 4), running);
  expect(records.map(({ event }) => event.at_ns / S)).toEqual([2, 3.5]);
  expect(order).toEqual(['2 begins', '2 ends', '3.5 begins', '3.5 ends']);
});

it('says on the time line of the arm when they were done, and what was seen', async () => {
  const seen = [{ what: 'replica gone', after_ms: 5, before_ms: null }];
  const [record] = await playEvents(events(2), async () => seen, turn(2, 4), running);
  expect(record!.began_ns).toBeGreaterThanOrEqual(4 * S);
  expect(record!.ended_ns).toBeGreaterThanOrEqual(record!.began_ns);
  expect(record).toMatchObject({ observed: seen, error: null });
});

it('goes on after one that fails', async () => {
  let asked = 0;
  const happen = async () => {
    if (++asked === 1) throw new Error('DisableKey: refused.');
    return [];
  };
  const records = await playEvents(events(2, 3), happen, turn(2, 4), running);
  expect(records.map(({ error }) => error)).toEqual(['DisableKey: refused.', null]);
});

it('lets whatever still waits stop once the event is over', async () => {
  const signals: AbortSignal[] = [];
  await playEvents(
    events(2),
    async (_, over) => {
      signals.push(over);
      return [];
    },
    turn(2, 4),
    running,
  );
  expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
});

it('leaves out what was not due when the turn ended', async () => {
  const over = new AbortController();
  const start_ns = realClock.now_ns() - S;
  const happen = async () => {
    over.abort();
    return [];
  };
  const stretch = { from_ns: 0, to_ns: 100 * S, start_ns };
  expect(await playEvents(events(0.5, 60), happen, stretch, over.signal)).toHaveLength(1);
});
