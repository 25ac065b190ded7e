import type { ArmResult } from './types.ts';
import { identitiesHold, littlesLaw, offeredAsAsked, usersWereBusy, withinRange } from './validity/books.ts';
import { timeIsAccountedFor } from './validity/breakdown.ts';
import type { Check, Facts } from './validity/facts.ts';
import {
  collectorKeptOut,
  keptItsGaps,
  lanesHadTime,
  machineHadTime,
  startedOnTime,
} from './validity/generator.ts';
import { wasSteady } from './validity/steadiness.ts';
import {
  carriedTheRate,
  enoughWasMeasured,
  everythingHappened,
  everythingWasIssued,
  noErrors,
  nothingVanished,
  preparedWell,
  ranToItsEnd,
  somethingWasMeasured,
  targetHadTime,
  targetLived,
} from './validity/target.ts';

export type { Facts } from './validity/facts.ts';

/** One rule a function; a new one is a line here. */
export const CHECKS: readonly Check[] = [
  identitiesHold,
  targetLived,
  somethingWasMeasured,
  nothingVanished,
  everythingWasIssued,
  carriedTheRate,
  ranToItsEnd,
  noErrors,
  everythingHappened,
  preparedWell,
  enoughWasMeasured,
  offeredAsAsked,
  startedOnTime,
  keptItsGaps,
  lanesHadTime,
  collectorKeptOut,
  machineHadTime,
  littlesLaw,
  usersWereBusy,
  wasSteady,
  withinRange,
  timeIsAccountedFor,
  targetHadTime,
];

/** Every finding's reason, worst first; any invalid one makes the arm invalid, any suspect one suspect. */
export function judge(facts: Facts): ArmResult['verdict'] {
  const findings = CHECKS.flatMap((check) => check(facts) ?? []);
  const [invalid, suspect, notes] = (['invalid', 'suspect', 'note'] as const).map((severity) =>
    findings.filter((finding) => finding.severity === severity).map(({ reason }) => reason),
  );
  const value = invalid!.length > 0 ? 'invalid' : suspect!.length > 0 ? 'suspect' : 'valid';
  return { value, reasons: [...invalid!, ...suspect!], ...(notes!.length > 0 ? { notes } : {}) };
}
