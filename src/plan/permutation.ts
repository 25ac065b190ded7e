import { uniformAt } from '../std/random.ts';
import { STREAMS } from './streams.ts';

const ROUNDS = 6;

/**
 * A seeded bijection of [0, n), computed and not stored: a Feistel network over pairs of digits in bases a and b with
 * a·b just above n, walked until it lands below n (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002).
 * It spreads; it keeps no secret.
 */
export class Permutation {
  readonly #size: number;
  readonly #lowBase: number;
  readonly #highBase: number;
  readonly #keys: Int32Array;

  /** @param size 1 … 2^53 */
  constructor(size: number, seed: number) {
    this.#size = size;
    this.#lowBase = Math.ceil(Math.sqrt(size));
    this.#highBase = Math.ceil(size / this.#lowBase);
    this.#keys = Int32Array.from({ length: ROUNDS }, (_, round) =>
      Math.floor(uniformAt(seed, STREAMS.permutation, round) * 2 ** 32),
    );
  }

  of(value: number): number {
    let image = this.#encipher(value);
    while (image >= this.#size) image = this.#encipher(image);
    return image;
  }

  #encipher(value: number): number {
    let low = value % this.#lowBase;
    let high = Math.floor(value / this.#lowBase);
    for (let round = 0; round < ROUNDS; round += 2) {
      high = (high + scramble(low, this.#keys[round]!)) % this.#highBase;
      low = (low + scramble(high, this.#keys[round + 1]!)) % this.#lowBase;
    }
    return high * this.#lowBase + low;
  }
}

/** The finaliser of MurmurHash3 (Appleby) over a keyed word. */
function scramble(word: number, key: number): number {
  let x = word ^ key;
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
