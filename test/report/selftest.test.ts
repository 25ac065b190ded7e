import { describe, expect, it } from 'vitest';
import { selftestReport } from '../../src/report/report.ts';
import type { CaseResult, SelftestReport } from '../../src/selftest/selftest.ts';

const environment = {
  sealbench: '0.1.0',
  node: '26.0.0',
  platform: 'linux x64',
  cpu: 'a CPU',
  cores: 2,
  memory_bytes: 1,
  git: null,
};
const NO_FLOOR = { floor: null, floor_ns: null };
const passed: CaseResult = {
  name: 'constant-delay',
  shows: 'a server that always takes 5 ms',
  outcome: 'pass',
  repeated: true,
  others_share: 0.004,
  checks: [
    {
      what: 'response p50',
      unit: 'ns',
      expected: 5e6,
      logged: 5.03e6,
      measured: 5.21e6,
      bound: { kind: 'near', share: 0.03, beside: 0.3e6 },
      state: 'pass',
      ...NO_FLOOR,
    },
  ],
};
const failed: CaseResult = {
  name: 'fresh',
  shows: 'every answer counts',
  outcome: 'fail',
  repeated: true,
  others_share: 0.004,
  checks: [
    {
      what: 'answers',
      unit: 'count',
      expected: 400,
      logged: null,
      measured: null,
      bound: { kind: 'exactly' },
      state: 'off',
      ...NO_FLOOR,
      peer: { said: 0, truth: 1500 },
    },
    {
      what: 'ended after',
      unit: 'ns',
      expected: 1e9,
      logged: null,
      measured: 4e6,
      bound: { kind: 'at most' },
      state: 'pass',
      ...NO_FLOOR,
      peer: { said: null },
    },
  ],
};
const report: SelftestReport = {
  schema: 'sealbench/selftest/1',
  startedAt: '2026-01-01T00:00:00.000Z',
  elapsed_s: 51.2,
  environment,
  interrupted: false,
  verdict: 'pass',
  cases: [passed],
  floor: {
    oversleep_ns: { p50: 60e3, p99: 130e3 },
    echo_ns: { p50: 90e3, p99: 400e3 },
    others_share: 0.004,
    lag_ns: null,
    added_ns: { p50: 210e3, p99: 400e3 },
    requests_per_s: 20_000,
    cpu_us_per_request: 40,
  },
};
const text = (changed: Partial<SelftestReport> = {}) =>
  selftestReport({ ...report, ...changed }, { color: false, width: 100 });

describe('the table of a selftest', () => {
  it('shows what was expected, logged, measured and allowed', () => {
    expect(text()).toMatch(/response p50 +5\.00 ms +5\.03 ms +5\.21 ms +± 3 % \+ 300 µs$/m);
    expect(text()).toContain('pass  constant-delay (the second time)  a server that always takes 5 ms');
    expect(text()).toContain('1 of 1 cases pass, 1 of them only the second time; passed');
    expect(text()).not.toContain('autocannon');
  });

  it('shows what the machine adds, and what is withheld', () => {
    expect(text()).toMatch(/operations start late by +– +–$/m);
    expect(text()).toMatch(/a thread sleeps too long by +≤ 60\.0 µs +≤ 130 µs$/m);
    expect(text()).toMatch(/bytes to another process and back take +≤ 90\.0 µs +≤ 400 µs$/m);
    expect(text()).toMatch(/server's log by +210 µs +400 µs$/m);
    expect(text()).toContain('20,000/s requests, each 40.0 µs of its CPU');
  });

  it('marks what failed, with the state of the machine, and puts a peer beside it', () => {
    const shown = text({ verdict: 'fail', cases: [passed, failed] });
    expect(shown).toContain('FAIL  fresh');
    expect(shown).toMatch(/answers +400 +– +exactly +0 of 1,500 +off$/m);
    expect(shown).toMatch(/ended after +1\.00 s +4\.00 ms +at most +no answer$/m);
    expect(shown).toContain('1 of 2 cases pass, 1 of them only the second time; failed.');
  });

  it('says what a figure passes with, and what was allowed to one that does not', () => {
    const [check] = passed.checks;
    const floored = {
      ...passed,
      outcome: 'floor' as const,
      checks: [
        { ...check!, state: 'floor' as const, floor_ns: 410e3 },
        { ...check!, state: 'off' as const, floor_ns: 410e3 },
      ],
    };
    const shown = text({ cases: [floored] });
    expect(shown).toMatch(/\+ 410 µs of the machine's own$/m);
    expect(shown).toMatch(/off; the machine itself adds up to 410 µs$/m);
    expect(shown).toContain('1 of 1 cases pass, 1 of them with what the machine itself adds');
  });

  it('says when it could not decide, and when it was interrupted', () => {
    const busy = { ...failed, outcome: 'busy' as const };
    const shown = text({ verdict: 'busy', cases: [busy] });
    expect(shown).toMatch(/not\s+decided: the machine is too busy/);
    expect(shown).toContain(
      'busy  fresh (the second time)  every answer counts (others took 0.400 % of the cores)',
    );
    expect(text({ interrupted: true })).toContain(
      'Interrupted: 1 of 1 cases pass, the others were not decided.',
    );
  });
});
