/**
 * An AWS KMS for the systems under test: request → operation → keyring → answer, with the states, errors, quota and
 * trail that AWS documents. It measures; it does not protect secrets.
 */
export { createKmsClient } from './client.ts';
export { policyProblem } from './policy/policy.ts';
export { regionCryptoQuota_per_s } from './quota.ts';
export { startKmsServer } from './server.ts';
export type * from './types.ts';
