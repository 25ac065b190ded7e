import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LiveState, type LiveView, liveLine, plainLine } from '../../src/commands/live.ts';
import { planTurns } from '../../src/plan/plan.ts';
import { LatencyHistogram, type SecondRow } from '../../src/recording/recording.ts';
import { parseWorkload } from '../../src/workload/workload.ts';

const FULL: LiveView = {
  what: 'block 4 of 10',
  arm: 'fresh',
  done: 0.348,
  offered_per_s: 102.7,
  achieved_per_s: 102.1,
  p50_ns: 14.2e6,
  p99_ns: 42.04e6,
  kms_calls: 1203,
  failed: 3,
  left_s: 37.2,
};
const EMPTY: LiveView = {
  what: 'starting servers, filling tables',
  arm: null,
  done: null,
  offered_per_s: null,
  achieved_per_s: null,
  p50_ns: null,
  p99_ns: null,
  kms_calls: null,
  failed: 0,
  left_s: null,
};

describe('the line', () => {
  it('has everything where there is room, and loses the least important first', () => {
    expect(liveLine(FULL, 200)).toBe(
      ' 34 %  block 4 of 10  fresh  102/s of 103/s  p50 14.2 ms  p99 42.0 ms  KMS 1,203  3 failed  38 s left',
    );
    expect([88, 75, 60, 50, 40, 25, 10, 0].map((width) => liveLine(FULL, width))).toEqual([
      ' 34 %  block 4 of 10  fresh  102/s of 103/s  p50 14.2 ms  p99 42.0 ms  3 failed',
      ' 34 %  block 4 of 10  fresh  102/s of 103/s  p50 14.2 ms  3 failed',
      ' 34 %  block 4 of 10  fresh  102/s of 103/s  3 failed',
      ' 34 %  block 4 of 10  fresh  3 failed',
      ' 34 %  block 4 of 10  fresh  3 failed',
      ' 34 %  block 4 of 10',
      ' 34 %  blo',
      '',
    ]);
  });

  it('leaves out what nobody knows', () => {
    expect(liveLine(EMPTY, 80)).toBe('starting servers, filling tables');
    expect(liveLine({ ...EMPTY, achieved_per_s: 1234.5 }, 80)).toBe(
      'starting servers, filling tables  1,235/s',
    );
    expect(plainLine({ ...FULL, p99_ns: null, left_s: null })).toBe(
      'block 4 of 10, 34 % done, fresh, 102/s of 103/s, p50 14.2 ms, KMS 1,203, 3 failed',
    );
  });

  it('says what is left in what people count by', () => {
    const left = (left_s: number) =>
      plainLine({ ...EMPTY, left_s })
        .split(', ')
        .at(-1);
    expect([0, 89.1, 90, 600, 5401].map(left)).toEqual([
      '0 s left',
      '90 s left',
      '2 min left',
      '10 min left',
      '1 h 31 min left',
    ]);
  });

  it('never is longer than the terminal is wide', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 150 }), fc.string(), fc.nat(), (width, arm, failed) => {
        expect([...liveLine({ ...FULL, arm, failed }, width)].length).toBeLessThanOrEqual(width);
      }),
      { seed: 5 },
    );
  });
});

describe('what it is made of', () => {
  const workload = (phases: string, arrivals = 'rate: 100/s') =>
    parseWorkload(
      `name: w\narrivals: { ${arrivals} }\nphases: [${phases}]\ncompare: { blocks: 2 }\n`,
      'w.yaml',
    );
  const row = (second: number, count: number, measured: boolean, errors = 0): SecondRow => {
    const response = new LatencyHistogram();
    for (let i = 0; i < count; i++) response.record(2e6);
    return { second, measured, errors, response: response.snapshot() };
  };

  it('is of the arm that plays, with the seconds of a turn as they are over', () => {
    const settings = workload('{ for: 2s, measured: false }, { for: 20s }');
    const [arm] = settings.arms;
    const [warmUp, first] = planTurns(settings);
    const state = new LiveState(settings);
    state.playing(arm!, warmUp!, 0, 0);
    state.seconds(arm!, [row(0, 90, false)]);
    expect(state.view(1e9)).toMatchObject({ what: 'warming up', achieved_per_s: 90, offered_per_s: 100 });
    state.playing(arm!, first!, 1, 2e9);
    expect(state.view(2e9)).toMatchObject({ what: 'block 1 of 2', achieved_per_s: null, p50_ns: null });
    state.seconds(arm!, [row(2, 100, true), row(3, 98, true, 2)]);
    // The turn's last second is not over, and no rate: it plays from 2 s to 12 s.
    state.seconds(arm!, [row(12, 1, true)]);
    expect(state.view(7.5e9)).toMatchObject({
      achieved_per_s: 99,
      p50_ns: 2e6,
      p99_ns: null,
      failed: 2,
      done: 7.5 / 22,
      left_s: 14.5,
    });
    // The seconds of a turn give way to the turn itself.
    state.seconds(arm!, [row(4, 702, true)]);
    state.played(arm!, { issued: 1000, ended: 900, planned_ns: 10e9, length_ns: 10e9, kms_calls: 7 });
    expect(state.view(12e9)).toMatchObject({
      achieved_per_s: 90,
      offered_per_s: 100,
      kms_calls: 7,
      left_s: 10,
    });
  });

  it('counts time to the end of a turn and no further, however late it ends', () => {
    const settings = workload('{ for: 20s }');
    const state = new LiveState(settings);
    state.playing(settings.arms[0]!, planTurns(settings)[0]!, 0, 0);
    expect(state.view(60e9)).toMatchObject({ done: 0.5, left_s: 10 });
  });

  it('knows no time left where turns last as long as their operations', () => {
    const settings = workload('{ count: 500 }', 'loop: closed, concurrency: 2');
    const state = new LiveState(settings);
    state.playing(settings.arms[0]!, planTurns(settings)[0]!, 0, 0);
    expect(state.view(1e9)).toMatchObject({ done: null, left_s: null, offered_per_s: null });
  });
});
