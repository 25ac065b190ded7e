import { describe, expect, it } from 'vitest';
import { runSuites, type Suite } from '../../bench/suite.ts';
import { suites } from '../../bench/suites.ts';
import { formatFigures } from '../../bench/table.ts';

describe('the benchmark runner', () => {
  const calls: string[] = [];
  const suite: Suite = {
    name: 'two',
    setup: () => {
      calls.push('setup');
    },
    tasks: [
      { name: 'a', fn: () => calls.push('a'), bytes: 100 },
      { name: 'b', fn: async () => calls.push('b'), against: 'a' },
    ],
  };

  it('gives every task a turn in each cycle, after the set-up', async () => {
    const [figures] = await runSuites([suite], { budget_ms: 20, cycles: 4 });
    expect(calls[0]).toBe('setup');
    expect(calls.filter((call) => call === 'setup')).toHaveLength(1);
    const [a, b] = figures!.tasks;
    expect(a).toMatchObject({ name: 'a', against: null, rate_per_s: 1e9 / a!.latency_ns });
    expect(a!.bytes_per_s).toBeCloseTo(100 * a!.rate_per_s, 3);
    expect(b!.against!.low).toBeLessThanOrEqual(b!.against!.ratio);
    expect(b!.against!.high).toBeGreaterThanOrEqual(b!.against!.ratio);
  });

  it('does not hide a task that fails', async () => {
    const failing: Suite = {
      name: 'failing',
      tasks: [
        {
          name: 'fails',
          fn: () => {
            throw new Error('broken');
          },
        },
      ],
    };
    await expect(runSuites([failing], { budget_ms: 1, cycles: 2 })).rejects.toThrow('broken');
  });

  it('refuses to compare with a task that is not there', async () => {
    const lonely: Suite = { name: 'lonely', tasks: [{ name: 'a', fn: () => 0, against: 'b' }] };
    await expect(runSuites([lonely], { budget_ms: 1, cycles: 2 })).rejects.toThrow('no task b');
  });
});

it.each(suites.map((suite) => [suite.name, suite] as const))('suite runs: %s', async (_, suite) => {
  const figures = await runSuites([suite], { budget_ms: 5 * suite.tasks.length, cycles: 2 });
  const { tasks } = figures[0]!;
  expect(tasks.map(({ name }) => name)).toEqual(suite.tasks.map(({ name }) => name));
  for (const { latency_ns } of tasks) expect(latency_ns).toBeGreaterThan(0);
  const table = formatFigures(figures);
  for (const { name } of tasks) expect(table).toContain(name);
});
