import { expect, it } from 'vitest';
import { LatencyHistogram, mergeWindows, WindowRecorder } from '../../src/recording/recording.ts';

const S = 1e9;

it('tells operations apart by when they were due, and remembers when they ended', () => {
  const recorder = new WindowRecorder([2 * S, 3 * S]);
  recorder.completed(1 * S, 1.5 * S);
  // Due before the boundary, and answered after it.
  recorder.failed(1.9 * S, 4 * S);
  recorder.completed(2 * S, 2.1 * S);
  recorder.completed(2.9 * S, 3.2 * S);
  recorder.failed(9 * S, 9.1 * S);
  const [before, between, after] = recorder.take();
  expect(before).toMatchObject({
    errors: 1,
    success: { first_ns: 1.5 * S, last_ns: 1.5 * S },
    failure: null,
  });
  expect(between).toMatchObject({
    errors: 0,
    success: { first_ns: 2.1 * S, last_ns: 2.1 * S },
    failure: null,
  });
  expect(LatencyHistogram.from(between!.response).max_ns).toBeCloseTo(0.3 * S, 0);
  expect(after).toMatchObject({
    errors: 1,
    success: { first_ns: 3.2 * S, last_ns: 3.2 * S },
    failure: { first_ns: 4 * S, last_ns: 9.1 * S },
    response: { count: 0 },
  });
});

it('is empty again, and adds up over lanes and turns', () => {
  const recorder = new WindowRecorder([2 * S]);
  recorder.completed(1 * S, 1.5 * S);
  const first = recorder.take();
  recorder.completed(1 * S, 1.1 * S);
  recorder.failed(3 * S, 3.1 * S);
  const merged = mergeWindows([first, [], recorder.take()]);
  expect(merged).toHaveLength(2);
  expect(merged[0]).toMatchObject({
    success: { first_ns: 1.1 * S, last_ns: 1.5 * S },
    response: { count: 2 },
  });
  expect(merged[1]).toMatchObject({ errors: 1, success: null });
  expect(mergeWindows([[], []])).toEqual([]);
});
