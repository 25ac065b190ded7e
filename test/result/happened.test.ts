/** What followed an event, read off operations that were played by hand. */
import { expect, it } from 'vitest';
import { WindowRecorder } from '../../src/recording/recording.ts';
import { summariseHappened } from '../../src/result/happened.ts';
import { type EventAction, eventBoundaries_ns, type WorkloadEvent } from '../../src/workload/workload.ts';

const S = 1e9;
const MS = 1e6;

const at = (at_s: number, action: EventAction): WorkloadEvent => ({ at_ns: at_s * S, ...action });

/** One operation each 10 ms, answered after 1 ms: well, or not. */
function played(events: WorkloadEvent[], end_s: number, isDown: (at_s: number) => boolean) {
  const recorder = new WindowRecorder(eventBoundaries_ns(events));
  for (let due_ns = 0; due_ns < end_s * S; due_ns += 10 * MS) {
    if (isDown(due_ns / S)) recorder.failed(due_ns, due_ns + MS);
    else recorder.completed(due_ns, due_ns + MS);
  }
  const records = events.map((event) => ({
    event,
    began_ns: event.at_ns,
    ended_ns: event.at_ns + 5 * MS,
    observed: [],
    error: null,
  }));
  return summariseHappened(events, records, recorder.take(), end_s * S)!;
}

it('tells how long a disabled key went on working, and when it did again', () => {
  const events = [at(4, { do: 'disable-key' }), at(14, { do: 'enable-key' })];
  const { events: found, windows } = played(events, 20, (moment_s) => moment_s >= 9 && moment_s < 14.5);
  // Last success: due at 8.99 s, answered at 8.991 s; the key was disabled at 4.005 s.
  expect(found[0]!.last_success_ns).toBeCloseTo(4.986 * S, -3);
  expect(found[0]!.first_failure_ns).toBeCloseTo(4.996 * S, -3);
  expect(found[1]!.first_success_ns).toBeCloseTo(0.496 * S, -3);
  expect(found[1]!.last_failure_ns).toBeCloseTo(0.486 * S, -3);
  expect(found[1]!.last_success_ns).toBe(null);
  expect(windows.map(({ from_ns, to_ns }) => [from_ns / S, to_ns / S])).toEqual([
    [0, 4],
    [4, 5],
    [5, 14],
    [14, 15],
    [15, 20],
  ]);
  expect(windows.map(({ operations, errors }) => [operations, errors])).toEqual([
    [400, 0],
    [100, 0],
    [900, 500],
    [100, 50],
    [500, 0],
  ]);
});

it('does not speak of a last success where operations go on succeeding', () => {
  const { events } = played([at(4, { do: 'disable-key' })], 10, () => false);
  expect(events[0]).toMatchObject({ last_success_ns: null, first_failure_ns: null, last_failure_ns: null });
  const partly = played([at(4, { do: 'disable-key' })], 10, (moment_s) => moment_s > 6 && moment_s < 7);
  expect(partly.events[0]!.last_success_ns).toBe(null);
});

it('counts from the end of a fault', () => {
  const events = [at(6, { do: 'kms-outage', for_ns: 5 * S })];
  const { events: found, windows } = played(events, 20, (moment_s) => moment_s >= 8 && moment_s < 11.2);
  expect(found[0]!.first_failure_ns).toBeCloseTo(1.996 * S, -3);
  expect(found[0]!.last_failure_ns).toBeCloseTo(0.191 * S, -3);
  expect(found[0]!.first_success_ns).toBeCloseTo(0.201 * S, -3);
  expect(windows.map(({ from_ns, to_ns, errors }) => [from_ns / S, to_ns / S, errors])).toEqual([
    [0, 6, 0],
    [6, 11, 300],
    [11, 20, 20],
  ]);
});

it('withholds a percentile that falls among failures, and leaves out what was not reached', () => {
  const events = [at(2, { do: 'wipe-cache' }), at(8, { do: 'wipe-cache' })];
  const recorder = new WindowRecorder(eventBoundaries_ns(events));
  for (let i = 0; i < 100; i++) recorder.completed(0, MS);
  for (let i = 0; i < 60; i++) recorder.failed(2.5 * S, 2.6 * S);
  for (let i = 0; i < 40; i++) recorder.completed(2.5 * S, 2.6 * S);
  const record = { event: events[0]!, began_ns: 2 * S, ended_ns: 2 * S, observed: [], error: null };
  const { windows, unplayed } = summariseHappened(events, [record], recorder.take(), 5 * S)!;
  expect(unplayed).toBe(1);
  expect(windows).toHaveLength(3);
  expect(windows[0]!.p50).toBeCloseTo(MS, -4);
  expect(windows[1]).toMatchObject({ operations: 100, errors: 60, p50: null, max: null });
  expect(windows[2]).toMatchObject({ operations: 0, from_ns: 3 * S, to_ns: 5 * S, p50: null });
  expect(summariseHappened([], [], [], S)).toBe(undefined);
});
