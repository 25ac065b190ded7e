/** The workload file: YAML text → checked against the schema → merged arm by arm → numbers. */
export { DEFAULTS } from './defaults.ts';
export { type DriverTraits, traitsOf } from './driver-traits.ts';
export { eventBoundaries_ns, eventLength_ns } from './event-windows.ts';
export { loadWorkload } from './file.ts';
export { hasOwnKms, kmsIdentity } from './kms-identity.ts';
export type { WorkloadOverrides } from './overrides.ts';
export { parseWorkload } from './parse.ts';
export { workloadJsonSchema } from './schema.ts';
export { attributeNames, leastItemBytes, overheadBytes, tableNames } from './table.ts';
export * from './types.ts';
