import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Users } from '../../src/load/users.ts';
import { createThinkTimes } from '../../src/plan/plan.ts';

const concurrency = fc.integer({ min: 1, max: 40 });
const lanes = fc.integer({ min: 1, max: 4 });
const settings = { seed: 3, numRuns: 200 };

function usersOf(count: number, lane: number, of: number, mean_ns: number): Users {
  const own = Array.from({ length: count }, (_, user) => user).filter((user) => user % of === lane);
  return new Users({
    concurrency: count,
    think: createThinkTimes({ kind: 'exponential', mean_ns }, 5),
    own,
  });
}

it('shares a count out exactly, whatever the lanes', () => {
  const property = fc.property(
    concurrency,
    lanes,
    fc.integer({ min: 1, max: 500 }),
    (count, of, operations) => {
      const begun: number[] = [];
      for (let lane = 0; lane < of; lane++) {
        const users = usersOf(count, lane, of, 1e6);
        users.begin({ start_ns: 0, operations });
        while (users.left > 0) {
          const { user, index, due_ns } = users.take();
          begun.push(index);
          users.answered(user, due_ns + 1e6);
        }
        expect(users.due_ns).toBe(Number.POSITIVE_INFINITY);
      }
      expect(begun.sort((a, b) => a - b)).toEqual(Array.from({ length: operations }, (_, index) => index));
    },
  );
  fc.assert(property, settings);
});

it('has users act in the order in which they have thought enough, and each at its own time', () => {
  const think = createThinkTimes({ kind: 'exponential', mean_ns: 1e6 }, 5);
  const property = fc.property(concurrency, fc.integer({ min: 1, max: 300 }), (count, steps) => {
    const users = usersOf(count, 0, 1, 1e6);
    users.begin({ start_ns: 1000 });
    let last_ns = 0;
    const answered = new Map<number, number>();
    for (let step = 0; step < steps; step++) {
      const { user, index, due_ns } = users.take();
      expect(due_ns).toBeGreaterThanOrEqual(last_ns);
      expect(due_ns).toBe((answered.get(user) ?? 1000) + think.before_ns(index));
      expect(index % count).toBe(user);
      last_ns = due_ns;
      answered.set(user, due_ns + 100);
      users.answered(user, due_ns + 100);
    }
  });
  fc.assert(property, settings);
});

it('takes up in the next turn where it left off, and forgets who still waited', () => {
  const users = usersOf(2, 0, 1, 0);
  users.begin({ start_ns: 0, operations: 3 });
  expect([users.take(), users.take()].map(({ index }) => index)).toEqual([0, 1]);
  users.answered(0, 5);
  expect(users.take().index).toBe(2);
  users.begin({ start_ns: 10, operations: 3 });
  expect(users.left).toBe(3);
  expect([users.take(), users.take()].map(({ index }) => index)).toEqual([4, 3]);
});
