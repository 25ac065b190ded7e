import { keycacheSuite } from './keycache.bench.ts';
import { planSuite } from './plan.bench.ts';
import { recordingSuite } from './recording.bench.ts';
import { sealSuite } from './seal.bench.ts';
import type { Suite } from './suite.ts';

/** Every suite of `npm run bench`. */
export const suites: readonly Suite[] = [sealSuite, keycacheSuite, recordingSuite, planSuite];
