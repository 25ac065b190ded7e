/**
 * An AWS KMS for the systems under test: request → operation → keyring → answer, with the states, errors, quota and
 * trail that AWS documents. It measures; it does not protect secrets.
 */
export { createKmsClient } from './client.ts';
export { policyProblem } from './policy/policy.ts';
export { regionCryptoQuota_per_s } from './quota.ts';
export { startKmsServer } from './server.ts';
export { readTrailFiles } from './trail-files.ts';
export { matches, readTrailQuery, TRAIL_DIMENSIONS, TrailCounter, type TrailQuery } from './trail-query.ts';
export type * from './types.ts';
