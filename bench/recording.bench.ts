import { build, type Histogram, initWebAssembly } from 'hdr-histogram-js';
import { LatencyHistogram, TurnRecorder } from '../src/recording/recording.ts';
import { createRandom, normal } from '../src/std/random.ts';
import type { Suite } from './suite.ts';

/** Log-normal around 1 ms: what a recorder meets. A power of two, so that the next one costs a mask. */
const LATENCIES_NS = latencies_ns(4096);
const MASK = LATENCIES_NS.length - 1;

const own = new LatencyHistogram();
const recorder = new TurnRecorder();
let javaScript: Histogram;
let webAssembly: Histogram;
let next = 0;

function latencies_ns(count: number): Float64Array {
  const random = createRandom(1);
  return Float64Array.from({ length: count }, () => Math.round(1e6 * Math.exp(0.5 * normal(random))));
}

function nextLatency_ns(): number {
  next = (next + 1) & MASK;
  return LATENCIES_NS[next]!;
}

/** The same range and precision as ours. */
function library(useWebAssembly: boolean): Histogram {
  return build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3.6e12,
    numberOfSignificantValueDigits: 3,
    useWebAssembly,
  });
}

/** An operation's three calls, all that a lane pays for its measurement. */
function recordOperation(): void {
  const end_ns = nextLatency_ns();
  recorder.due();
  recorder.started(0, 1_000);
  recorder.completed('get', 0, 1_000, end_ns, 0, 0);
}

export const recordingSuite: Suite = {
  name: 'recording',
  async setup() {
    await initWebAssembly();
    javaScript = library(false);
    webAssembly = library(true);
    recorder.begin({ now_ns: 0, duration_ns: 1e9, measured: true });
  },
  tasks: [
    { name: 'record, hdr-histogram-js', fn: () => javaScript.recordValue(nextLatency_ns()) },
    {
      name: 'record, hdr-histogram-js WASM',
      fn: () => webAssembly.recordValue(nextLatency_ns()),
      against: 'record, hdr-histogram-js',
    },
    { name: 'record', fn: () => own.record(nextLatency_ns()), against: 'record, hdr-histogram-js' },
    { name: 'operation: lag, response, service, second', fn: recordOperation },
  ],
};
