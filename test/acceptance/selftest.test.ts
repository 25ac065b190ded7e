/** `sealbench selftest` as its users have it. Its times are this machine's; what is counted is exact on any. */
import { describe, expect, it } from 'vitest';
import type { SelftestReport } from '../../src/selftest/selftest.ts';
import { sealbench, start } from './cli.ts';

describe('selftest', () => {
  it('measures one case by itself, and decides by what the server counted', async () => {
    const { code, stdout, stderr } = await sealbench(['selftest', '--only', 'throttle', '--json']);
    const report = JSON.parse(stdout) as SelftestReport;
    expect(report).toMatchObject({ schema: 'sealbench/selftest/1', verdict: 'pass', interrupted: false });
    expect(report.cases.map(({ name, outcome }) => `${name} ${outcome}`)).toEqual(['throttle pass']);
    expect(report.cases[0]!.checks.find(({ what }) => what === 'throttled')).toMatchObject({
      expected: 57,
      measured: 57,
    });
    expect(stderr).toBe('throttle\n');
    expect(code).toBe(0);
  });

  it('refuses a case that there is none of, and names those that there are', async () => {
    const { code, stdout, stderr } = await sealbench(['selftest', '--only', 'nonsense']);
    expect(stderr).toMatch(/^sealbench: --only: there is no case 'nonsense'\. Cases: on-time, .*stop\.\n$/);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });

  it('stops on Ctrl-C, says that it was interrupted, and leaves no process behind', async () => {
    const command = start(['selftest', '--only', 'stall'], { detached: true });
    await command.says('stderr', 'stall');
    process.kill(-command.child.pid!, 'SIGINT');
    const { code, stdout, stderr } = await command.ended;
    expect(stdout).toContain('Interrupted: 0 of 0 cases pass, the others were not decided.');
    expect(stderr).toBe('stall\n');
    expect(code).toBe(3);
    expect(() => process.kill(-command.child.pid!, 0)).toThrow(/ESRCH/);
  });
});
