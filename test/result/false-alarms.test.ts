/** How often the rules of a verdict speak up for nothing, and whether they do when they should. */
import { describe, expect, it } from 'vitest';
import { CHECKS } from '../../src/result/validity.ts';
import { createRandom } from '../../src/std/random.ts';
import { type Fault, type SimulatedArm, simulateFacts } from './simulated-arm.ts';

const SETTINGS: readonly Omit<SimulatedArm, 'fault'>[] = [
  { rate_per_s: 100, process: 'poisson', p50_ns: 1.3e6, blocks: 10, jitter: 0.05 },
  { rate_per_s: 100, process: 'constant', p50_ns: 14e6, blocks: 10, jitter: 0.05 },
  { rate_per_s: 200, process: 'poisson', p50_ns: 5e6, blocks: 10, jitter: 0.1 },
  { rate_per_s: 60, process: 'constant', p50_ns: 2e6, blocks: 20, jitter: 0.03 },
];

/** A fifth in 1,500 operations is within the scatter of medians: this is an arm that can show it. */
const STEADIER = [{ rate_per_s: 300, process: 'poisson', p50_ns: 2e6, blocks: 20, jitter: 0.03 }] as const;

/** Findings by rule, and runs with any, of so many runs with these settings in turn. */
function alarms(runs: number, fault?: Fault): { byRule: Record<string, number>; any: number } {
  const byRule: Record<string, number> = {};
  const choice = fault === 'drift' ? STEADIER : SETTINGS;
  let any = 0;
  for (let run = 0; run < runs; run++) {
    const facts = simulateFacts({ ...choice[run % choice.length]!, fault }, createRandom(7, run));
    const rules = CHECKS.filter((check) =>
      [check(facts) ?? []].flat().some(({ severity }) => severity !== 'note'),
    );
    for (const { name } of rules) byRule[name] = (byRule[name] ?? 0) + 1;
    if (rules.length > 0) any++;
  }
  return { byRule, any };
}

it('a healthy run is called suspect at most once in a hundred', () => {
  const runs = 1000;
  const { byRule, any } = alarms(runs);
  expect(any / runs, JSON.stringify(byRule)).toBeLessThanOrEqual(0.01);
}, 120_000);

describe('a fault is found', () => {
  // A tenth of 1,500 Poisson arrivals is four standard deviations of their number: not beyond chance every time.
  const found: [Fault, string, number][] = [
    ['rate deficit', 'offeredAsAsked', 0.85],
    ['drift', 'wasSteady', 0.9],
    ['stuck lane', 'startedOnTime', 1],
    ['bursts', 'keptItsGaps', 1],
    ['lost time', 'littlesLaw', 1],
  ];
  it.each(found)(
    '%s',
    (fault, rule, power) => {
      const runs = 60;
      const { byRule } = alarms(runs, fault);
      expect((byRule[rule] ?? 0) / runs, JSON.stringify(byRule)).toBeGreaterThanOrEqual(power);
    },
    30_000,
  );
});
