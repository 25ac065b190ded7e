import { describe, expect, it } from 'vitest';
import {
  type BreakdownPart,
  BreakdownRecorder,
  mergeTurns,
  TurnRecorder,
} from '../../src/recording/recording.ts';
import { summariseBreakdown } from '../../src/result/breakdown.ts';
import { buildResult } from '../../src/result/result.ts';
import { type FakeArm, fakeRun } from './evidence.ts';

const ALL: BreakdownPart[] = ['connect', 'kms', 'crypto', 'storage', 'server_other', 'wire'];
const NOTHING = { connect: 0, kms: 0, crypto: 0, storage: 0, server_other: 0, wire: 0 };

function recorded(measured: BreakdownPart[], samples: number, parts: Partial<typeof NOTHING>) {
  const recorder = new BreakdownRecorder(measured);
  for (let i = 0; i < samples; i++)
    recorder.add({ response_ns: 1e6, lag_ns: 50e3, queue_ns: 150e3, parts: { ...NOTHING, ...parts } });
  return recorder.take();
}

describe('a breakdown', () => {
  it('is means of what was measured, and what is left of the response', () => {
    const recording = recorded(ALL, 20, { kms: 300e3, wire: 400e3, crypto: 60e3 });
    expect(summariseBreakdown(recording)).toEqual({
      lag: 50e3,
      queue: 150e3,
      connect: 0,
      kms: 300e3,
      crypto: 60e3,
      storage: 0,
      server_other: 0,
      wire: 400e3,
      unaccounted: 40e3,
    });
  });

  it('has null for what nobody measured', () => {
    const summary = summariseBreakdown(recorded(['connect', 'wire'], 20, { wire: 800e3 }));
    expect(summary).toMatchObject({ connect: 0, wire: 800e3, kms: null, crypto: null, unaccounted: 0 });
  });

  it('is withheld for few samples', () => {
    expect(summariseBreakdown(recorded(ALL, 9, {}))).toBeNull();
    expect(summariseBreakdown(null)).toBeNull();
  });

  it('adds up over turns, and is unknown where one of them does not know', () => {
    const turn = (measured: BreakdownPart[] | null) => {
      const recorder = new TurnRecorder();
      if (measured) recorder.breakdown = new BreakdownRecorder(measured);
      recorder.breakdown?.add({ response_ns: 10, lag_ns: 1, queue_ns: 2, parts: { ...NOTHING, wire: 7 } });
      return recorder.finish(0, 0);
    };
    expect(mergeTurns([turn(ALL), turn(ALL)]).breakdown).toEqual({
      samples: 2,
      response_ns: 20,
      lag_ns: 2,
      queue_ns: 4,
      parts: { ...NOTHING, wire: 14 },
    });
    expect(mergeTurns([turn(ALL), turn(['wire'])]).breakdown!.parts).toMatchObject({ kms: null, wire: 14 });
    expect(mergeTurns([turn(ALL), turn(null)]).breakdown).toBeNull();
  });
});

describe('the verdict', () => {
  const judged = (measured: BreakdownPart[], parts: Partial<typeof NOTHING>) => {
    const evidence = fakeRun([{ name: 'arm' } as FakeArm]);
    const turn = evidence.arms[0]!.turns.find((one) => one.measured)!;
    for (const one of evidence.arms[0]!.turns) one.recording.breakdown = recorded(measured, 0, {});
    turn.recording.breakdown = recorded(measured, 50, parts);
    return buildResult(evidence).arms[0]!.verdict.reasons.filter((reason) => /does not add up/.test(reason));
  };

  it('accepts parts that leave less than 5 % unaccounted for', () => {
    expect(judged(ALL, { wire: 751e3 })).toEqual([]);
    expect(judged(ALL, { wire: 849e3 })).toEqual([]);
  });

  it('suspects parts that are too little or too much', () => {
    expect(judged(ALL, { wire: 700e3 })).toEqual([
      expect.stringContaining(
        '0.1 ms of a mean response of 1 ms (10 %, 5 % allowed) is in none of its parts',
      ),
    ]);
    expect(judged(ALL, { wire: 900e3 })).toHaveLength(1);
  });

  it('asks nothing of a driver that tells neither of the wire nor of the store', () => {
    expect(judged(['connect'], { connect: 10e3 })).toEqual([]);
    expect(judged(['connect', 'wire'], { wire: 500e3 })).toHaveLength(1);
  });
});
