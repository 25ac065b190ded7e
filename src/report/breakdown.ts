/** Where the time goes: one small table, a column for each arm. */
import type { ArmResult, Breakdown } from '../result/types.ts';
import { count, duration, percent, WITHHELD } from './format.ts';

const PARTS: readonly (readonly [keyof Breakdown, string])[] = [
  ['lag', 'schedule lag'],
  ['queue', 'wait for a connection'],
  ['connect', 'connect, TLS'],
  ['wire', 'client and wire'],
  ['kms', 'store: wait for KMS'],
  ['crypto', 'store: crypto'],
  ['storage', 'store: storage'],
  ['server_other', 'store: the rest'],
  ['unaccounted', 'unaccounted for'],
];

/** A label, then a cell for each arm; no rows where no arm has a breakdown. */
export function breakdownRows(arms: readonly ArmResult[]): string[][] {
  if (!arms.some((arm) => arm.breakdown_ns)) return [];
  return [
    ...PARTS.map(([part, label]) => [label, ...arms.map((arm) => cell(arm, part))]),
    ['mean response, sampled', ...arms.map((arm) => duration(response_ns(arm)))],
    ['operations sampled', ...arms.map((arm) => count(arm.breakdown_samples ?? null))],
  ];
}

function cell(arm: ArmResult, part: keyof Breakdown): string {
  const value_ns = arm.breakdown_ns?.[part] ?? null;
  const whole_ns = response_ns(arm);
  if (value_ns === null || whole_ns === null) return WITHHELD;
  return value_ns === 0 ? '0' : `${duration(value_ns)} (${share(value_ns / whole_ns)})`;
}

/** Of the response time, as everything adds up to it. */
function response_ns({ breakdown_ns }: ArmResult): number | null {
  if (!breakdown_ns) return null;
  return Object.values(breakdown_ns).reduce<number>((sum, value_ns) => sum + (value_ns ?? 0), 0);
}

function share(part: number): string {
  return part < 0 ? `−${percent(-part)}` : percent(part);
}
