/** The system under test: an encrypting DynamoDB-compatible store, its key cache and its KMS. */
export * from './admin.ts';
export * from './caller-policies.ts';
export * from './callers.ts';
export * from './kms/kms.ts';
export { type KmsTimes, recordKmsTimes } from './kms-times.ts';
export * from './launch.ts';
export { type Notify, openNotifier } from './notifier.ts';
export * from './regions.ts';
export * from './store/store.ts';
export type * from './types.ts';
export * from './wire/wire.ts';
