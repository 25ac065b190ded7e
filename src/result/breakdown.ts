import { BREAKDOWN_PARTS, type BreakdownRecording } from '../recording/recording.ts';
import type { Breakdown } from './types.ts';

/** Fewer operations tell little of the others. */
const SAMPLES_MIN = 10;

/** Sums as means; what is left of the response time is not measured but shown. Null where too little was sampled. */
export function summariseBreakdown(recording: BreakdownRecording | null): Breakdown | null {
  if (recording === null || recording.samples < SAMPLES_MIN) return null;
  const { samples, response_ns, lag_ns, queue_ns, parts } = recording;
  const known_ns = BREAKDOWN_PARTS.reduce((sum, part) => sum + (parts[part] ?? 0), lag_ns + queue_ns);
  const mean = (sum_ns: number | null) => (sum_ns === null ? null : sum_ns / samples);
  return {
    lag: lag_ns / samples,
    queue: queue_ns / samples,
    connect: mean(parts.connect),
    kms: mean(parts.kms),
    crypto: mean(parts.crypto),
    storage: mean(parts.storage),
    server_other: mean(parts.server_other),
    wire: mean(parts.wire),
    unaccounted: (response_ns - known_ns) / samples,
  };
}
