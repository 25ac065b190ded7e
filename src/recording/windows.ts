import { LatencyHistogram, mergeSnapshots } from './histogram.ts';
import type { WindowRecording } from './types.ts';

interface OpenWindow extends Omit<WindowRecording, 'response'> {
  response: LatencyHistogram;
}

/**
 * Operations by stretches of the arm's time line, each from one boundary to the next: counted in the one in which they
 * were due, and answered in the one in which they ended. Those that found nothing are in none.
 */
export class WindowRecorder {
  readonly #boundaries_ns: readonly number[];
  #windows: OpenWindow[];

  /** @param boundaries_ns ascending; there is a window before the first and one after the last */
  constructor(boundaries_ns: readonly number[]) {
    this.#boundaries_ns = boundaries_ns;
    this.#windows = this.#fresh();
  }

  /** @param due_ns and `end_ns` on the arm's time line */
  completed(due_ns: number, end_ns: number): void {
    this.#at(due_ns).response.record(end_ns - due_ns);
    const answered = this.#at(end_ns);
    answered.success = reach(answered.success, end_ns);
  }

  failed(due_ns: number, end_ns: number): void {
    this.#at(due_ns).errors++;
    const answered = this.#at(end_ns);
    answered.failure = reach(answered.failure, end_ns);
  }

  /** What they held; they are empty again. */
  take(): WindowRecording[] {
    const taken = this.#windows.map((window) => ({ ...window, response: window.response.snapshot() }));
    this.#windows = this.#fresh();
    return taken;
  }

  /** The window after the last boundary that the moment has reached. */
  #at(moment_ns: number): OpenWindow {
    let [low, high] = [0, this.#boundaries_ns.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (moment_ns < this.#boundaries_ns[middle]!) high = middle;
      else low = middle + 1;
    }
    return this.#windows[low]!;
  }

  #fresh(): OpenWindow[] {
    return Array.from({ length: this.#boundaries_ns.length + 1 }, () => ({
      errors: 0,
      success: null,
      failure: null,
      response: new LatencyHistogram(),
    }));
  }
}

function reach(span: WindowRecording['success'], end_ns: number): NonNullable<WindowRecording['success']> {
  if (span === null) return { first_ns: end_ns, last_ns: end_ns };
  return { first_ns: Math.min(span.first_ns, end_ns), last_ns: Math.max(span.last_ns, end_ns) };
}

/** The windows of several lanes or turns as one list. */
export function mergeWindows(parts: readonly (readonly WindowRecording[])[]): WindowRecording[] {
  const count = Math.max(0, ...parts.map((windows) => windows.length));
  return Array.from({ length: count }, (_, index) => {
    const own = parts.flatMap((windows) => windows[index] ?? []);
    return {
      errors: own.reduce((sum, { errors }) => sum + errors, 0),
      success: spanOf(own.map(({ success }) => success)),
      failure: spanOf(own.map(({ failure }) => failure)),
      response: mergeSnapshots(own.map(({ response }) => response)),
    };
  });
}

/** From the first of all to the last; null without any. */
export function spanOf(spans: readonly WindowRecording['success'][]): WindowRecording['success'] {
  const some = spans.filter((span) => span !== null);
  if (some.length === 0) return null;
  return {
    first_ns: Math.min(...some.map(({ first_ns }) => first_ns)),
    last_ns: Math.max(...some.map(({ last_ns }) => last_ns)),
  };
}
