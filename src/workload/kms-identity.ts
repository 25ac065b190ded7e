import type { Arm } from './types.ts';

/**
 * Arms of one identity share a KMS process. A request quota that one arm has used up would be missing in the next one's
 * turn, and what happens to one arm's KMS would happen to the others': with a quota, events or a clock of its own, an
 * arm has a KMS of its own.
 */
export function kmsIdentity(arm: Arm): string {
  const { name, system } = arm;
  return JSON.stringify([system.kms, system.replicas, ...(hasOwnKms(arm) ? [name] : [])]);
}

export function hasOwnKms({ system: { kms }, clock, events }: Arm): boolean {
  return kms.quota_per_s !== undefined || clock.speed !== 1 || events.length > 0;
}
