import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Departures } from '../../src/network/departures.ts';

/** What the alarm is late by, and how long a turn of the event loop takes. */
const ALARM_LATE_NS = 90e3;
const TURN_NS = 4e3;

/** An event loop and an alarm in simulated time. */
class Loop {
  now_ns = 0;
  spun_ns = 0;
  readonly left: { name: number; due_ns: number; at_ns: number }[] = [];
  #alarm_ns = Number.POSITIVE_INFINITY;
  #soon: { at_ns: number; callback: () => void } | undefined;
  readonly departures = new Departures({
    clock: { now_ns: () => this.now_ns, wall_ms: () => 0 },
    alarm: { set: (at_ns) => (this.#alarm_ns = at_ns) },
    soon: (callback) => (this.#soon = { at_ns: this.now_ns + TURN_NS, callback }),
  });

  add(name: number, due_ns: number): void {
    this.departures.add(due_ns, () => this.left.push({ name, due_ns, at_ns: this.now_ns }));
  }

  runTo(end_ns: number): void {
    for (;;) {
      const soon = this.#soon;
      if ((soon?.at_ns ?? this.#alarm_ns + ALARM_LATE_NS) > end_ns) break;
      this.#soon = undefined;
      if (soon !== undefined) {
        this.now_ns = Math.max(this.now_ns, soon.at_ns);
        this.spun_ns += TURN_NS;
        soon.callback();
      } else {
        this.now_ns = Math.max(this.now_ns, this.#alarm_ns + ALARM_LATE_NS);
        this.#alarm_ns = Number.POSITIVE_INFINITY;
        this.departures.ring();
      }
    }
    this.now_ns = Math.max(this.now_ns, end_ns);
  }
}

describe('departures', () => {
  it('leave in order, never early, and within a turn of the event loop of their time', () => {
    const gaps = fc.array(fc.tuple(fc.integer({ min: 2e6, max: 9e6 }), fc.integer({ min: 3e5, max: 5e6 })), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(gaps, (steps) => {
        const loop = new Loop();
        for (const [index, [gap_ns, delay_ns]] of steps.entries()) {
          loop.runTo(loop.now_ns + gap_ns);
          loop.add(index, loop.now_ns + delay_ns);
        }
        loop.runTo(loop.now_ns + 20e6);
        expect(loop.left.map(({ name }) => name).toSorted((a, b) => a - b)).toEqual(steps.map((_, i) => i));
        for (const { due_ns, at_ns } of loop.left) {
          expect(at_ns).toBeGreaterThanOrEqual(due_ns);
          expect(at_ns - due_ns).toBeLessThanOrEqual(TURN_NS);
        }
        const dues = loop.left.map(({ due_ns }) => due_ns);
        expect(dues).toEqual(dues.toSorted((a, b) => a - b));
      }),
      { seed: 1121595314, numRuns: 300 },
    );
  });

  it('that come sooner than what is awaited are not made to wait for it', () => {
    const loop = new Loop();
    loop.add(1, 50e6);
    loop.runTo(1e6);
    loop.add(2, 3e6);
    loop.runTo(60e6);
    expect(loop.left.map(({ name, at_ns }) => [name, Math.round(at_ns / 1e6)])).toEqual([
      [2, 3],
      [1, 50],
    ]);
  });

  it('spin for no more than their share of the time, and are as late as the alarm then', () => {
    const loop = new Loop();
    for (let index = 0; index < 20_000; index++) {
      loop.runTo(index * 50e3);
      loop.add(index, loop.now_ns + 1e6);
    }
    loop.runTo(2e9);
    expect(loop.left).toHaveLength(20_000);
    expect(loop.spun_ns).toBeLessThan(0.25 * 1e9 + 11e6);
    const late = loop.left.map(({ due_ns, at_ns }) => at_ns - due_ns);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...late)).toBeLessThanOrEqual(ALARM_LATE_NS + TURN_NS);
  });
});
