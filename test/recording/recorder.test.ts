import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeSeconds } from '../../src/recording/merge.ts';
import {
  LatencyHistogram,
  mergeKinds,
  mergeLanes,
  mergeTurns,
  type SecondRow,
  TurnRecorder,
  type TurnRecording,
} from '../../src/recording/recording.ts';
import { OPERATION_KINDS, type OperationKind } from '../../src/workload/types.ts';

const SECOND_NS = 1e9;

function begun(measured = true): TurnRecorder {
  const recorder = new TurnRecorder();
  recorder.begin({ now_ns: 0, duration_ns: 2 * SECOND_NS, measured });
  return recorder;
}

interface Played {
  kind: OperationKind;
  due_ns: number;
  wait_ns: number;
  service_ns: number;
  code: string | undefined;
}

const operation: fc.Arbitrary<Played> = fc.record({
  kind: fc.constantFrom(...OPERATION_KINDS),
  due_ns: fc.integer({ min: 0, max: 20 * SECOND_NS }),
  wait_ns: fc.integer({ min: 0, max: SECOND_NS }),
  service_ns: fc.integer({ min: 1, max: 12 * SECOND_NS }),
  code: fc.option(fc.constantFrom('Timeout', 'ECONNRESET'), { nil: undefined, freq: 5 }),
});

/** Plays operations in the order in which things happen, as a lane does. */
function play(recorder: TurnRecorder, operations: readonly Played[]): void {
  const events = operations.flatMap((played) => {
    const { kind, due_ns, wait_ns, service_ns, code } = played;
    const start_ns = due_ns + wait_ns;
    const end_ns = start_ns + service_ns;
    const second = Math.floor(due_ns / SECOND_NS);
    const end = () =>
      code === undefined
        ? recorder.completed(kind, due_ns, start_ns, end_ns, second, wait_ns)
        : recorder.failed(kind, code, end_ns, second);
    return [
      { at_ns: due_ns, apply: () => recorder.due() },
      { at_ns: start_ns, apply: () => recorder.started(due_ns, start_ns) },
      { at_ns: end_ns, apply: end },
    ];
  });
  for (const { apply } of events.sort((a, b) => a.at_ns - b.at_ns)) apply();
}

describe('TurnRecorder', () => {
  it('keeps response, service and lag apart', () => {
    const recorder = begun();
    recorder.due();
    recorder.started(100, 150);
    recorder.completed('get', 100, 180, 400, 0, 50);
    const { kinds, lag, undelayed, issued, planned } = recorder.finish(SECOND_NS, 12);
    expect([kinds.get.response.max_ns, kinds.get.service.max_ns, lag.max_ns]).toEqual([300, 220, 50]);
    expect(undelayed.max_ns).toBe(250);
    expect([planned, issued, kinds.get.count, kinds.put.count]).toEqual([1, 1, 1, 0]);
  });

  it('accounts for every operation once, in its kind, its second and the time in flight', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const recorder = begun();
        play(recorder, operations);
        const { kinds, seconds, inFlight_ns, planned, issued } = recorder.finish(40 * SECOND_NS, 0);
        const failures = operations.filter((played) => played.code !== undefined).length;
        const all = mergeKinds(Object.values(kinds));
        expect([planned, issued, all.count]).toEqual(Array(3).fill(operations.length));
        expect(Object.values(all.errors).reduce((sum, count) => sum + count, 0)).toBe(failures);
        expect(inFlight_ns).toBe(operations.reduce((sum, played) => sum + played.service_ns, 0));
        for (const row of seconds) {
          const due = operations.filter((played) => Math.floor(played.due_ns / SECOND_NS) === row.second);
          expect(row.response.count + row.errors).toBe(due.length);
          expect(row.errors).toBe(due.filter((played) => played.code !== undefined).length);
        }
        const occupied = new Set(operations.map((played) => Math.floor(played.due_ns / SECOND_NS)));
        expect(seconds.map((row) => row.second)).toEqual([...occupied].sort((a, b) => a - b));
      }),
      { seed: 11, numRuns: 60 },
    );
  });

  it('puts a straggler into the second in which it was due, however late', () => {
    const recorder = begun();
    for (let second = 0; second < 10; second++) {
      recorder.started(second * SECOND_NS, second * SECOND_NS);
      recorder.completed('get', second * SECOND_NS, second * SECOND_NS, second * SECOND_NS + 5, second, 0);
    }
    recorder.started(0, 0);
    recorder.completed('get', 0, 0, 11 * SECOND_NS, 0, 0);
    const { seconds } = recorder.finish(11 * SECOND_NS, 0);
    expect(seconds.map((row) => row.response.count)).toEqual([2, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    expect(seconds[0]!.response.max_ns).toBe(11 * SECOND_NS);
  });

  it('hands out seconds that are over, and loses none of their operations', () => {
    const recorder = begun();
    const rows: SecondRow[] = [];
    for (let second = 0; second < 40; second++) {
      recorder.started(0, 0);
      recorder.completed('get', 0, 0, 5, second, 0);
      // A straggler of a second that was handed out already.
      if (second === 39) recorder.failed('get', 'Timeout', 5, 0);
      rows.push(...recorder.takeSeconds(10));
    }
    expect(rows.length).toBeGreaterThanOrEqual(30);
    const all = mergeSeconds([...rows, ...recorder.finish(SECOND_NS, 0).seconds]);
    expect(all.map((row) => row.response.count)).toEqual(Array(40).fill(1));
    expect(all.map((row) => row.errors)).toEqual([1, ...Array(39).fill(0)]);
  });

  it('keeps the gaps between operations, as planned and as started, apart from those between turns', () => {
    const recorder = begun();
    const turn = (from_ns: number) => {
      recorder.begin({ now_ns: from_ns, duration_ns: SECOND_NS, measured: true });
      for (const [due_ns, lag_ns] of [
        [from_ns, 0],
        [from_ns + 100, 50],
        [from_ns + 200, 10],
      ] as const) {
        recorder.started(due_ns, due_ns + lag_ns);
        recorder.failed('get', 'Timeout', due_ns + lag_ns, 0);
      }
      return recorder.finish(from_ns + SECOND_NS, 0).gaps;
    };
    turn(0);
    const { planned, actual } = turn(7 * SECOND_NS);
    expect([planned.count, planned.min_ns, planned.max_ns]).toEqual([2, 100, 100]);
    expect([actual.count, actual.min_ns, actual.max_ns]).toEqual([2, 60, 150]);
  });

  it('looks at what is in flight at random moments, and so finds the time in flight', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            kind: fc.constant('get' as const),
            due_ns: fc.integer({ min: 0, max: 19 * SECOND_NS }),
            wait_ns: fc.constant(0),
            service_ns: fc.integer({ min: 1, max: SECOND_NS }),
            code: fc.constant(undefined),
          }),
          { minLength: 200, maxLength: 400 },
        ),
        (operations) => {
          const recorder = new TurnRecorder();
          recorder.begin({ now_ns: 0, duration_ns: 20 * SECOND_NS, measured: true });
          play(recorder, operations);
          const { inFlight_ns, inFlightLooks_ns } = recorder.finish(20 * SECOND_NS, 0);
          expect(Math.abs(inFlightLooks_ns / inFlight_ns - 1)).toBeLessThan(0.01);
        },
      ),
      { seed: 13, numRuns: 20 },
    );
  });

  it('lasts until the last completion, or to the end where something never ended', () => {
    const recorder = begun();
    recorder.started(0, 0);
    recorder.completed('get', 0, 0, 700, 0, 0);
    expect(recorder.finish(5000, 0).elapsed_ns).toBe(700);
    recorder.begin({ now_ns: 5000, duration_ns: 10, measured: true });
    recorder.started(5000, 5000);
    expect(recorder.inFlight).toBe(1);
    const lost = recorder.finish(9000, 0);
    expect([
      lost.elapsed_ns,
      lost.inFlight_ns,
      lost.issued,
      mergeKinds(Object.values(lost.kinds)).count,
    ]).toEqual([4000, 4000, 1, 0]);
  });

  it('is empty for the next turn', () => {
    const recorder = begun();
    play(recorder, [{ kind: 'put', due_ns: 5, wait_ns: 1, service_ns: 9, code: 'Timeout' }]);
    recorder.connections!.opened = 3;
    recorder.unissued(2);
    recorder.finish(SECOND_NS, 1);
    recorder.begin({ now_ns: 0, duration_ns: 1, measured: false });
    const empty = recorder.finish(0, 0);
    const fresh = begun();
    fresh.begin({ now_ns: 0, duration_ns: 1, measured: false });
    expect(empty).toEqual(fresh.finish(0, 0));
  });

  it('keeps a bounded number of error codes', () => {
    const recorder = begun();
    for (let i = 0; i < 200; i++) recorder.failed('get', `Invented${i}`, i, 0);
    const { errors, count } = recorder.finish(SECOND_NS, 0).kinds.get;
    expect(Object.keys(errors)).toHaveLength(65);
    expect([count, errors.OtherError]).toEqual([200, 136]);
  });
});

describe('merging', () => {
  const lane = (due_ns: number, opened: number): TurnRecording => {
    const recorder = begun();
    recorder.connections!.opened = opened;
    play(recorder, [{ kind: 'get', due_ns, wait_ns: 0, service_ns: 100, code: undefined }]);
    return recorder.finish(2 * SECOND_NS, 10);
  };

  it('adds lanes up but for the length of the turn they share', () => {
    const merged = mergeLanes([lane(0, 2), lane(500, 3)]);
    expect([merged.planned, merged.connections!.opened, merged.cpu_us, merged.inFlight_ns]).toEqual([
      2, 5, 20, 200,
    ]);
    expect([merged.duration_ns, merged.elapsed_ns]).toEqual([2 * SECOND_NS, 600]);
    expect(merged.seconds).toHaveLength(1);
    expect(merged.seconds[0]!.response.count).toBe(2);
  });

  it('adds turns up, their lengths too', () => {
    const merged = mergeTurns([lane(0, 2), lane(500, 3)]);
    expect([merged.duration_ns, merged.elapsed_ns]).toEqual([4 * SECOND_NS, 700]);
  });

  it('gives the same whatever the number of lanes', () => {
    fc.assert(
      fc.property(
        fc.array(operation, { maxLength: 40 }),
        fc.integer({ min: 2, max: 4 }),
        (operations, lanes) => {
          const split = Array.from({ length: lanes }, (_, l) => operations.filter((_, i) => i % lanes === l));
          const recordings = [operations, ...split].map((share) => {
            const recorder = begun();
            play(recorder, share);
            return recorder.finish(40 * SECOND_NS, 0);
          });
          const [alone, ...together] = recordings;
          const merged = mergeLanes(together);
          // From one operation of a lane to its next one: lanes have gaps of their own.
          const { gaps } = alone!;
          expect({ ...merged, gaps, kinds: sorted(merged) }).toEqual({ ...alone!, kinds: sorted(alone!) });
        },
      ),
      { seed: 12, numRuns: 40 },
    );
  });

  it('survives a structured clone, as between threads', () => {
    const recording = lane(0, 1);
    expect(structuredClone(recording)).toEqual(recording);
    expect(LatencyHistogram.from(structuredClone(recording.lag)).count).toBe(1);
  });
});

function sorted({ kinds }: TurnRecording) {
  return Object.entries(kinds).map(([kind, { errors, ...rest }]) => [
    kind,
    Object.entries(errors).sort(),
    rest,
  ]);
}
