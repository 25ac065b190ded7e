/** An arm resolved into operations (what, by whom, when) and a workload into turns (who plays when). Pure. */
export * from './describe.ts';
export { expectedOperations } from './expected.ts';
export { attributeText, keyText } from './items.ts';
export { createLives, type Lives } from './lives.ts';
export { createPlan, type OperationStream, type Plan } from './operations.ts';
export { createItemBytes } from './sizes.ts';
export { createThinkTimes, type ThinkTimes } from './think.ts';
export { planTurns, WARM_UP_BLOCK } from './turns.ts';
export type * from './types.ts';
