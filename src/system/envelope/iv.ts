import { randomFillSync } from 'node:crypto';

export const IV_BYTES = 12;

/** 340 IVs a draw: one draw of the CSPRNG costs as much for 4 KiB as for 12 bytes. */
const pool = Buffer.allocUnsafeSlow(340 * IV_BYTES);
let next = pool.length;

/** Writes a fresh random 96-bit IV. Bytes of the pool are given out once. Each thread has its own pool. */
export function writeFreshIv(target: Buffer, offset: number): void {
  if (next === pool.length) {
    randomFillSync(pool);
    next = 0;
  }
  pool.copy(target, offset, next, next + IV_BYTES);
  next += IV_BYTES;
}
