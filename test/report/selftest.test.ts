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
const machine = { oversleep_ns: { p50: 60e3, p99: 130e3 }, others_share: 0.004 };
const passed: CaseResult = {
  name: 'constant-delay',
  shows: 'a server that always takes 5 ms',
  outcome: 'pass',
  repeated: true,
  machine,
  checks: [
    {
      what: 'response p50',
      unit: 'ns',
      expected: 5e6,
      logged: 5.03e6,
      measured: 5.21e6,
      bound: { kind: 'near', share: 0.03, beside: 0.3e6 },
      passed: true,
    },
  ],
};
const failed: CaseResult = {
  name: 'fresh',
  shows: 'every answer counts',
  outcome: 'fail',
  repeated: true,
  machine,
  checks: [
    {
      what: 'answers',
      unit: 'count',
      expected: 400,
      logged: null,
      measured: null,
      bound: { kind: 'exactly' },
      passed: false,
      peer: { said: 0, truth: 1500 },
    },
    {
      what: 'ended after',
      unit: 'ns',
      expected: 1e9,
      logged: null,
      measured: 4e6,
      bound: { kind: 'at most' },
      passed: true,
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
    oversleep_ns: machine.oversleep_ns,
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
    expect(text()).toMatch(/server's log by +210 µs +400 µs$/m);
    expect(text()).toContain('20,000/s requests, each 40.0 µs of its CPU');
  });

  it('marks what failed, with the state of the machine, and puts a peer beside it', () => {
    const shown = text({ verdict: 'fail', cases: [passed, failed] });
    expect(shown).toMatch(
      /FAIL {2}fresh .*others took 0\.400 % of the cores, a sleeping thread woke 130 µs late/,
    );
    expect(shown).toMatch(/answers +400 +– +exactly +0 of 1,500 +off$/m);
    expect(shown).toMatch(/ended after +1\.00 s +4\.00 ms +at most +no answer$/m);
    expect(shown).toContain('1 of 2 cases pass, 1 of them only the second time; failed.');
  });

  it('says when it could not decide, and when it was interrupted', () => {
    const busy = { ...failed, outcome: 'busy' as const };
    expect(text({ verdict: 'busy', cases: [busy] })).toMatch(/not\s+decided: the machine is too busy/);
    expect(text({ interrupted: true })).toContain(
      'Interrupted: 1 of 1 cases pass, the others were not decided.',
    );
  });
});
