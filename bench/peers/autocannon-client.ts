/** autocannon with a fixed request, which it builds once. */
import autocannon from 'autocannon';
import { processCpu_us, serveParent } from './child.ts';
import type { ClientTurn } from './types.ts';

export interface AutocannonTurn {
  url: string;
  connections: number;
  headers: Record<string, string>;
  body: string;
  turn_ms: number;
}

/** How often it looks whether its time is over. */
const LOOK_MS = 100;

serveParent({
  play: async ({ turn_ms, ...request }: AutocannonTurn): Promise<ClientTurn> => {
    const cpuBefore_us = processCpu_us();
    const start_ms = performance.now();
    const outcome = await autocannon({
      ...request,
      method: 'POST',
      duration: turn_ms / 1000,
      sampleInt: LOOK_MS,
    });
    const elapsed_ns = (performance.now() - start_ms) * 1e6;
    if (outcome.non2xx + outcome.errors + outcome.timeouts > 0)
      throw new Error('autocannon: requests failed');
    return { requests: outcome['2xx'], elapsed_ns, cpu_us: processCpu_us() - cpuBefore_us };
  },
});
