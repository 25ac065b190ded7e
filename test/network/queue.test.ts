import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TimedQueue } from '../../src/network/queue.ts';

it('hands out what is due, by time and then by when it was added', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), fc.integer({ min: 0, max: 20 }), (times, now) => {
      const queue = new TimedQueue<{ at: number; order: number }>();
      for (const [order, at] of times.entries()) queue.add(at, { at, order });
      const taken: { at: number; order: number }[] = [];
      for (let item = queue.take(now); item !== undefined; item = queue.take(now)) taken.push(item);
      const due = times.map((at, order) => ({ at, order })).filter(({ at }) => at <= now);
      expect(taken).toEqual(due.toSorted((a, b) => a.at - b.at || a.order - b.order));
      const later = times.filter((at) => at > now);
      expect(queue.next_ns).toBe(Math.min(...later));
    }),
    { seed: 1, numRuns: 300 },
  );
});

it('keeps its order while it grows and shrinks', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean())), (steps) => {
      const queue = new TimedQueue<string>();
      let model: { at: number; name: string }[] = [];
      for (const [index, [at, adds]] of steps.entries()) {
        if (adds) {
          queue.add(at, `${index}`);
          model = [...model, { at, name: `${index}` }].toSorted((a, b) => a.at - b.at);
        } else {
          expect(queue.take(9)).toBe(model.shift()?.name);
        }
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});
