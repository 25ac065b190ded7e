/** Reads that found nothing: in no time, no failures, and no secret. */
import { describe, expect, it } from 'vitest';
import { csv } from '../../src/report/csv.ts';
import { hgrmOf, markdownReport, terminalReport } from '../../src/report/report.ts';
import { type ArmEvidence, type ArmResult, buildResult, type Result } from '../../src/result/result.ts';
import { fakeRun } from './evidence.ts';

interface Nothing {
  early?: number;
  missing?: number;
  deletes?: boolean;
  where?: 'setup' | 'warm-up' | 'measured';
}

/** A run in which so many more reads found nothing, 2 ms each. */
function resultWith({ early = 0, missing = 0, deletes = false, where = 'measured' }: Nothing): Result {
  const evidence = fakeRun([{ name: 'arm' }]);
  const arm = evidence.arms[0]!;
  if (deletes) arm.arm.operations = { ...arm.arm.operations, get: 0.9, delete: 0.05 };
  const recording = recordingOf(arm, where);
  const { get } = recording.kinds;
  const reads = early + missing;
  get.early += early;
  get.missing += missing;
  get.count += reads;
  get.foundNothing_ns += reads * 2e6;
  recording.planned += reads;
  recording.issued += reads;
  recording.inFlight_ns += reads * 2e6;
  recording.inFlightLooks_ns += reads * 2e6;
  recording.connections!.requests += reads;
  arm.total.store!.requests! += reads;
  return buildResult(evidence);
}

function recordingOf(arm: ArmEvidence, where: NonNullable<Nothing['where']>): ArmEvidence['setup'] {
  if (where === 'setup') return arm.setup;
  return arm.turns.find(({ measured }) => measured === (where === 'measured'))!.recording;
}

const plain = resultWith({}).arms[0]!;
const failedIn = ({ operations: { all } }: ArmResult) =>
  all.count - all.response_ns.count - all.early - all.missing;

describe('reads that found nothing', () => {
  it.each([
    ['early ones', { early: 60 }],
    ['missing ones, where items are deleted', { missing: 60, deletes: true }],
  ])('%s change no time and no verdict, and count as answered', (_, nothing) => {
    const arm = resultWith(nothing).arms[0]!;
    expect(arm.verdict).toEqual(plain.verdict);
    expect(arm.identities.every(({ state }) => state === 'ok')).toBe(true);
    expect(arm.operations.all.response_ns).toEqual(plain.operations.all.response_ns);
    expect(arm.operations.all.count).toBe(plain.operations.all.count + 60);
    expect(failedIn(arm)).toBe(0);
    expect(arm.operations.get!.early + arm.operations.get!.missing).toBe(60);
    expect(arm.rate.achieved_per_s).toBe(arm.rate.offered_per_s);
    expect(arm.blocks.every(({ errors }) => errors === 0)).toBe(true);
  });

  it.each(['setup', 'warm-up', 'measured'] as const)(
    'make the arm invalid when nothing deletes what they looked for: %s',
    (where) => {
      const { verdict } = resultWith({ missing: 1, where }).arms[0]!;
      expect(verdict.value).toBe('invalid');
      expect(verdict.reasons[0]).toMatch(/^The target lost items: 1 reads found nothing/);
    },
  );

  it('do not hide failures', () => {
    const evidence = fakeRun([{ name: 'arm', failEvery: 10 }]);
    const { get } = evidence.arms[0]!.turns[1]!.recording.kinds;
    get.early++;
    get.count++;
    const arm = buildResult(evidence).arms[0]!;
    expect(failedIn(arm)).toBe(
      Object.values(arm.operations.all.errors).reduce((sum, count) => sum + count, 0),
    );
    expect(arm.operations.all.response_ns.max).toBeNull();
  });

  it('break the books when they are counted twice', () => {
    const evidence = fakeRun([{ name: 'arm' }]);
    evidence.arms[0]!.turns[1]!.recording.kinds.get.early++;
    const { reasons } = buildResult(evidence).arms[0]!.verdict;
    expect(reasons.join()).toContain(
      'operations of all kinds = issued (ended 1666, successes, failures and reads of nothing 1667)',
    );
  });

  it('are told of in every report', () => {
    const result = resultWith({ early: 30, missing: 4, deletes: true });
    const early =
      'arm: 30 of 1,534 operations read an item whose insert was not acknowledged yet, or failed.';
    const missing = 'arm: 4 of 1,534 operations read an item that was not there any more.';
    for (const text of [terminalReport(result, { color: false, width: 100 }), markdownReport(result)]) {
      expect(text.replaceAll(/\s+/g, ' ')).toContain(early);
      expect(text.replaceAll(/\s+/g, ' ')).toContain(missing);
    }
    expect(terminalReport(resultWith({}), { color: false, width: 100 })).not.toContain('read an item');
    const [head, all] = csv(result)
      .split('\r\n')
      .map((line) => line.split(','));
    const cell = (name: string) => all![head!.indexOf(name)];
    expect([cell('count'), cell('failed'), cell('early'), cell('missing')]).toEqual(['1534', '0', '30', '4']);
    expect(hgrmOf(result.arms[0]!)).toContain(
      '# Of successes: 0 failed, 34 that found nothing and 0 never started',
    );
  });
});
