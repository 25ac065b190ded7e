import { uniformAt, uniformsOf } from '../std/random.ts';
import type { Popularity } from '../workload/types.ts';
import { Permutation } from './permutation.ts';
import { STREAMS } from './streams.ts';

/**
 * Which key operation `index` touches, a pure function of (seed, index).
 * @param inserted how many keys were added after the `items` that were there at first: items, items + 1, …
 */
export type KeyChooser = (index: number, inserted?: number) => number;

export function createKeyChooser(popularity: Popularity, items: number, seed: number): KeyChooser {
  const uniform = uniformsOf(seed, STREAMS.key);
  switch (popularity.kind) {
    case 'uniform':
      return (index, inserted = 0) => Math.floor(uniform(index) * (items + inserted));
    case 'sequential':
      return (index) => index % items;
    case 'zipf': {
      const rankOf = createRanks(items, popularity.s, seed);
      // Hot keys next to each other would share pages and partitions as no real table's do.
      const spread = new Permutation(items, seed);
      return (index) => spread.of(rankOf(index) - 1);
    }
    case 'latest': {
      const rankOf = createRanks(items, popularity.s, seed);
      return (index, inserted = 0) => items + inserted - rankOf(index);
    }
    case 'hotspot': {
      const hot = Math.max(1, Math.round(popularity.items * items));
      // Where every item is hot, nothing is left for the others.
      const share = hot === items ? 1 : popularity.operations;
      const spread = new Permutation(items, seed);
      return (index) => {
        const u = uniform(index);
        if (u < share) return spread.of(Math.floor((u / share) * hot));
        return spread.of(hot + Math.floor(((u - share) / (1 - share)) * (items - hot)));
      };
    }
  }
}

function createRanks(items: number, s: number, seed: number): (index: number) => number {
  const zipf = new ZipfRanks(items, s);
  const first = uniformsOf(seed, STREAMS.key);
  return (index) => {
    let rank = zipf.rank(first(index));
    for (let attempt = 1; rank === undefined; attempt++) {
      rank = zipf.rank(uniformAt(seed, STREAMS.key, index, attempt));
    }
    return rank;
  };
}

/**
 * Ranks 1 … n with probability proportional to rank^−s, in constant time for any n and any s > 0 (rejection-inversion:
 * W. Hörmann, G. Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions", 1996).
 *
 * A point below the hat x^−s is drawn by inverting the hat's integral; the whole number nearest to it is the rank,
 * unless the point lies in the sliver of the rank's column where the integral exceeds the rank's own probability.
 */
export class ZipfRanks {
  readonly #n: number;
  readonly #s: number;
  readonly #areaFirst: number;
  readonly #areaLast: number;
  /** Points this little to the left of their rank are always accepted. */
  readonly #safe: number;

  constructor(n: number, s: number) {
    this.#n = n;
    this.#s = s;
    // The first column is cut down to the first rank's own probability, 1.
    this.#areaFirst = this.#area(1.5) - 1;
    this.#areaLast = this.#area(n + 0.5);
    this.#safe = 2 - this.#inverse(this.#area(2.5) - this.#density(2));
  }

  /** The rank that a uniform gives, or undefined where it falls on rejected ground: draw another. */
  rank(uniform: number): number | undefined {
    const area = this.#areaLast + uniform * (this.#areaFirst - this.#areaLast);
    const x = this.#inverse(area);
    const rank = Math.min(Math.max(Math.round(x), 1), this.#n);
    const accepted = rank - x <= this.#safe || area >= this.#area(rank + 0.5) - this.#density(rank);
    return accepted ? rank : undefined;
  }

  #density(x: number): number {
    return Math.exp(-this.#s * Math.log(x));
  }

  /** ∫ from 1 to x of t^−s dt, without cancellation near s = 1. */
  #area(x: number): number {
    const log = Math.log(x);
    return log * expm1Ratio((1 - this.#s) * log);
  }

  #inverse(area: number): number {
    // Rounding may carry the argument past the pole of the logarithm.
    const t = Math.max(area * (1 - this.#s), -1);
    return Math.exp(area * log1pRatio(t));
  }
}

/** (e^x − 1) / x, 1 at 0. */
function expm1Ratio(x: number): number {
  return Math.abs(x) < 1e-8 ? 1 + x / 2 : Math.expm1(x) / x;
}

/** ln(1 + x) / x, 1 at 0. */
function log1pRatio(x: number): number {
  return Math.abs(x) < 1e-8 ? 1 - x / 2 : Math.log1p(x) / x;
}
