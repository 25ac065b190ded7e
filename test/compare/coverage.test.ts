import { describe, expect, it } from 'vitest';
import { pairedRatio, unpairedRatio } from '../../src/compare/compare.ts';
import { createRandom, normal, type Random } from '../../src/std/random.ts';
import { normalQuantile } from '../../src/std/stats.ts';

/** Latencies in a block, as in a workload of 100/s with 1.5 s turns. */
const PER_BLOCK = 150;
const REPLICATIONS = 4000;
/** True arm / base. */
const RATIO = 5.2;

/** Gamma deviate of shape ≥ 1 (Marsaglia and Tsang 2000). */
function gamma(shape: number, random: Random): number {
  const d = shape - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const z = normal(random);
    const v = (1 + c * z) ** 3;
    if (v > 0 && Math.log(random.next()) < 0.5 * z * z + d - d * v + d * Math.log(v)) return d * v;
  }
}

/**
 * The percentile of a block of `PER_BLOCK` log-normal latencies without drawing them all: the uniform behind the
 * k-th smallest of n is Beta(k, n − k + 1).
 */
function blockPercentile(percentile: number, sigma: number, random: Random): number {
  const rank = Math.ceil(percentile * PER_BLOCK);
  const below = gamma(rank, random);
  const share = below / (below + gamma(PER_BLOCK - rank + 1, random));
  return Math.exp(sigma * normalQuantile(share));
}

interface Scene {
  blocks: number;
  percentile: number;
  /** Log-normal spread of latencies within a block, base and arm. */
  sigma: readonly [number, number];
}

/** Noise of a block that both arms share (a busy neighbour), and that of each turn. */
const SHARED_NOISE = 0.2;
const TURN_NOISE = 0.05;

function coverage({ blocks, percentile, sigma }: Scene, paired: boolean, seed: number): number {
  const random = createRandom(seed);
  // Arms whose spreads differ differ in the percentile by more than the scale.
  const truth = RATIO * Math.exp(normalQuantile(percentile) * (sigma[1] - sigma[0]));
  let covered = 0;
  for (let i = 0; i < REPLICATIONS; i++) {
    const base: number[] = [];
    const arm: number[] = [];
    for (let block = 0; block < blocks; block++) {
      const noise = SHARED_NOISE * normal(random);
      const other = paired ? noise : SHARED_NOISE * normal(random);
      base.push(
        Math.exp(noise + TURN_NOISE * normal(random)) * blockPercentile(percentile, sigma[0], random),
      );
      arm.push(
        RATIO * Math.exp(other + TURN_NOISE * normal(random)) * blockPercentile(percentile, sigma[1], random),
      );
    }
    const { low, high } = (paired ? pairedRatio : unpairedRatio)(base, arm, 0.95);
    if (low! <= truth && truth <= high!) covered++;
  }
  return covered / REPLICATIONS;
}

describe('the interval of a ratio between arms', () => {
  it.each([
    { blocks: 5, percentile: 0.5, sigma: [0.5, 0.5] },
    { blocks: 5, percentile: 0.99, sigma: [0.5, 0.5] },
    { blocks: 10, percentile: 0.5, sigma: [0.5, 0.5] },
    { blocks: 10, percentile: 0.99, sigma: [0.5, 0.5] },
    { blocks: 10, percentile: 0.99, sigma: [0.3, 0.5] },
    { blocks: 20, percentile: 0.5, sigma: [0.3, 0.5] },
    { blocks: 20, percentile: 0.99, sigma: [0.5, 0.5] },
  ] satisfies Scene[])(
    'covers 94 to 96 % where it says 95 %: $blocks blocks, percentile $percentile, spreads $sigma',
    (scene) => {
      const covered = coverage(scene, true, 2026);
      expect(covered).toBeGreaterThanOrEqual(0.94);
      expect(covered).toBeLessThanOrEqual(0.96);
    },
  );

  it('covers so for unpaired runs too', () => {
    const covered = coverage({ blocks: 10, percentile: 0.5, sigma: [0.3, 0.5] }, false, 2027);
    expect(covered).toBeGreaterThanOrEqual(0.94);
    expect(covered).toBeLessThanOrEqual(0.96);
  });

  it('is narrower where blocks pair, for what slows both arms cancels out', () => {
    const [base, arm] = [
      [1, 2, 4, 3],
      [2.1, 3.9, 8.2, 5.9],
    ];
    const [paired, unpaired] = [pairedRatio, unpairedRatio].map((method) => method(base!, arm!, 0.95));
    expect(paired!.ratio).toBeCloseTo(unpaired!.ratio, 12);
    expect(paired!.high! / paired!.low!).toBeLessThan(1.2);
    expect(unpaired!.high! / unpaired!.low!).toBeGreaterThan(5);
  });
});
