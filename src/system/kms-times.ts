import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import type { KmsClient } from './kms/kms.ts';

/** How long Decrypt takes as the store sees it, retries included. */
export interface KmsTimes {
  /** base64 HdrHistogram V2, ns. */
  encode(): string;
  reset(): void;
}

/** Starts recording a client's Decrypt calls. */
export function recordKmsTimes(kms: KmsClient): KmsTimes {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3.6e12,
    numberOfSignificantValueDigits: 3,
  });
  kms.onCall = (operation, duration_ns) => {
    if (operation === 'Decrypt') histogram.recordValue(Math.max(1, Math.round(duration_ns)));
  };
  return {
    encode: () => encodeIntoCompressedBase64(histogram),
    reset: () => histogram.reset(),
  };
}
