import { describe, expect, it } from 'vitest';
import { threadCpu_us } from '../../src/std/thread-cpu.ts';

describe("a thread's CPU time", () => {
  it('is that in user and in system mode', () => {
    expect(threadCpu_us({ threadCpuUsage: () => ({ user: 1500, system: 200 }) })).toBe(1700);
  });

  it('is unknown where the runtime knows the process only', () => {
    expect(threadCpu_us({})).toBeNull();
  });
});
