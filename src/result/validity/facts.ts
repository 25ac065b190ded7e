import type { TurnRecording } from '../../recording/recording.ts';
import type { Arm, EventRecord } from '../../workload/types.ts';
import type { GeneratorSummary, Identity, OperationSummary, Summary } from '../types.ts';

/** What a verdict is passed on. */
export interface Facts {
  arm: Arm;
  interrupted: boolean;
  /** What became of the target before the run's end. */
  lost: string | undefined;
  openLoop: boolean;
  /** The measured turns as one. */
  measured: TurnRecording;
  turns: readonly TurnRecording[];
  /** Those that were played to their end. */
  blocks: readonly TurnRecording[];
  /** The set-up and the warm-up turns as one. */
  preparation: TurnRecording;
  /** The whole arm's, set-up and warm-up included. */
  unissued: number;
  /** Reads that did not find an item which was there at first and which nothing deletes; the whole arm's too. */
  vanished: number;
  /** Lanes that have callers. */
  lanes: number;
  all: OperationSummary;
  achieved_per_s: number | null;
  lag: Summary;
  generator: GeneratorSummary;
  identities: readonly Identity[];
  /** What was made to happen to the arm. */
  events: readonly EventRecord[];
}

export interface Finding {
  /** A note is about the target: it takes nothing from the measurement. */
  severity: 'invalid' | 'suspect' | 'note';
  /** What is wrong and what to do, in words. */
  reason: string;
}

/** A rule about one thing that can spoil a measurement. */
export type Check = (facts: Facts) => Finding | Finding[] | undefined;

/** The percentiles that reports print. */
export const PERCENTILES = [
  ['p50', 0.5],
  ['p90', 0.1],
  ['p99', 0.01],
  ['p999', 0.001],
] as const;

export const PERCENTILE_WORDS = { p50: 'p50', p90: 'p90', p99: 'p99', p999: 'p99.9' } as const;

export function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

/** Operations that neither succeeded nor found nothing. */
export function failedOf({ count, early, missing, response_ns }: OperationSummary): number {
  return count - response_ns.count - early - missing;
}

export function codes(errors: Record<string, number>): string {
  const sorted = Object.entries(errors).sort(([, a], [, b]) => b - a);
  const shown = sorted.slice(0, 3).map(([code, count]) => `${count} × ${code}`);
  return [...shown, ...(sorted.length > 3 ? [`${sorted.length - 3} more codes`] : [])].join(', ');
}

export function percent(share: number): string {
  const amount = share * 100;
  return `${Math.abs(amount) < 10 ? amount.toPrecision(2) : Math.round(amount)} %`;
}

export function milliseconds(duration_ns: number): string {
  return `${Number((duration_ns / 1e6).toPrecision(3))} ms`;
}

export function perSecond(rate_per_s: number): string {
  return `${Number(rate_per_s.toPrecision(3))}/s`;
}
