import type { Arm } from './types.ts';

/**
 * Arms of one identity share a KMS process. A request quota that one arm has used up would be missing in the next one's
 * turn: with a quota of its own, an arm has a KMS of its own.
 */
export function kmsIdentity({ name, system: { kms } }: Arm): string {
  return JSON.stringify(kms.quota_per_s === undefined ? [kms] : [kms, name]);
}
