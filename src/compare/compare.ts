/** Compare: the blocks of arms → ratios with intervals that cover what they say, for few blocks too. */
export { type CompareOptions, compareArms } from './arms.ts';
export { type Diff, diffResults } from './diff.ts';
export { pairedRatio, type RatioInterval, unpairedRatio } from './interval.ts';
