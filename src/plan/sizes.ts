import { uniformAt } from '../std/random.ts';
import { type Arm, leastItemBytes, type Sizes } from '../workload/workload.ts';
import { STREAMS } from './streams.ts';

/** What no item may leave: room for its key and something in each attribute, and DynamoDB's own limit. */
export function itemLimits(fields: number): { least: number; most: number } {
  return { least: leastItemBytes(fields), most: 400 * 1024 };
}

const FILL_SEED = 1;

/** Sizes of the items that are there when measuring begins, by key: the same whatever the workload's seed. */
export function createItemBytes({ itemBytes, fields }: Arm['table']): (key: number) => number {
  return createSizes(itemBytes, { seed: FILL_SEED, stream: STREAMS.size, ...itemLimits(fields) });
}

/** Quantile of the standard normal distribution at 0.99. */
const Z99 = 2.3263478740408408;

/**
 * A size for each index, a pure function of (seed, stream, index).
 * @param least, most what no size may leave
 */
export function createSizes(
  sizes: Sizes,
  { seed, stream, least, most }: { seed: number; stream: number; least: number; most: number },
): (index: number) => number {
  const uniform = (index: number, attempt = 0) => uniformAt(seed, stream, index, attempt);
  switch (sizes.kind) {
    case 'fixed':
      return () => sizes.value;
    case 'uniform':
      return (index) => sizes.min + Math.floor(uniform(index) * (sizes.max - sizes.min + 1));
    case 'log-normal': {
      const sigma = Math.log(sizes.p99 / sizes.p50) / Z99;
      return (index) => {
        const radius = Math.sqrt(-2 * Math.log(1 - uniform(index)));
        const normal = radius * Math.cos(2 * Math.PI * uniform(index, 1));
        return Math.min(Math.max(Math.round(sizes.p50 * Math.exp(sigma * normal)), least), most);
      };
    }
    case 'histogram':
      return (index) => {
        let left = uniform(index);
        for (const { value, share } of sizes.classes) {
          left -= share;
          if (left < 0) return value;
        }
        return sizes.classes.at(-1)!.value;
      };
  }
}
