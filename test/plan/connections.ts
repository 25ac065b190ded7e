import { createLives, createPlan } from '../../src/plan/plan.ts';
import type { Arm } from '../../src/workload/workload.ts';

/**
 * What an open loop's connections come to, drawn operation by operation, where they are kept and carry so many: set-up
 * asks each for every table once. `loads`: of table keys, by caches that belong to connections and never expire.
 */
export function predictConnections(arm: Arm, seed: number): { opened: number; loads: number } {
  const { callers, connections, table } = arm;
  const slots = callers * connections.perCaller;
  const lives = createLives(arm, seed);
  const asked = Array.from({ length: slots }, () =>
    Array.from({ length: table.count }, (_, number) => number),
  );
  const stream = createPlan(arm, seed).stream(0, 1);
  for (let next = stream.next(); next; next = stream.next()) {
    asked[next.caller * connections.perCaller + next.connection]!.push(next.table);
  }
  let opened = 0;
  let loads = 0;
  for (const [slot, tables] of asked.entries()) {
    for (let life = 0, from = 0; from < tables.length; life++) {
      const until = from + lives(slot, life);
      opened++;
      loads += new Set(tables.slice(from, until)).size;
      from = until;
    }
  }
  return { opened, loads };
}
