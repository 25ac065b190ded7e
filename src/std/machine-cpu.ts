import os from 'node:os';

/** CPU time of all the machine's cores together since it started, ms: idle, and in all. */
export interface MachineCpu {
  idle_ms: number;
  total_ms: number;
}

/** As the kernel has it: whole ticks, 10 ms mostly, of each core. */
export function machineCpu(): MachineCpu {
  const sum: MachineCpu = { idle_ms: 0, total_ms: 0 };
  for (const { times } of os.cpus()) {
    sum.idle_ms += times.idle;
    for (const time_ms of Object.values(times)) sum.total_ms += time_ms;
  }
  return sum;
}
