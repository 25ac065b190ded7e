import type { Experiment } from '../types.ts';
import { close, fresh, reset, throttle } from './faults.ts';
import { capacity, instant, omission, onTime, stop } from './generator.ts';
import { freshRoundTrip, roundTrip } from './network.ts';
import { constant, exponential, stall } from './times.ts';

/** In the order in which they are shown. */
export const EXPERIMENTS: readonly Experiment[] = [
  onTime,
  instant,
  constant,
  exponential,
  stall,
  omission,
  throttle,
  reset,
  close,
  fresh,
  roundTrip,
  freshRoundTrip,
  stop,
  capacity,
];
