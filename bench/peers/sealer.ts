/** One way to seal and open an item, in a process of its own: no other's garbage is collected in its time. */
import { randomBytes } from 'node:crypto';
import { sealSuite } from '../seal.bench.ts';
import { taskOf } from '../suite.ts';
import { serveParent } from './child.ts';
import { encryptionSdk } from './encryption-sdk.ts';
import type { Sealer, SealTurn } from './types.ts';

const ITEM_BYTES = 1024;

const SEALERS: Record<Sealer, () => unknown> = {
  own: taskOf(sealSuite, 'seal + open').fn,
  bare: taskOf(sealSuite, 'node:crypto seal + open').fn,
  sdk: encryptionSdk(randomBytes(ITEM_BYTES)),
};

serveParent({
  play: async ({ sealer, turn_ms }: { sealer: Sealer; turn_ms: number }): Promise<SealTurn> => {
    const sealAndOpen = SEALERS[sealer];
    const start_ms = performance.now();
    let operations = 0;
    let elapsed_ms = 0;
    while (elapsed_ms < turn_ms) {
      const result = sealAndOpen();
      // Who does not wait need not pay for it.
      if (result instanceof Promise) await result;
      operations++;
      elapsed_ms = performance.now() - start_ms;
    }
    return { operations, elapsed_ns: elapsed_ms * 1e6 };
  },
});
