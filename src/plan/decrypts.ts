import { type Arm, keepsConnections, traitsOf } from '../workload/workload.ts';

/**
 * KMS Decrypt calls expected from set-up to drain, for a plan that is not drawn yet: one for every cache entry, and one
 * more each time it is asked for after it expired. Null where a closed loop, a foreign cache, chance or events
 * decide, and where replication asks for itself.
 * @param operations null in a closed loop
 */
export function expectedDecryptCalls(arm: Arm, operations: number | null, real_ms: number): number | null {
  if (traitsOf(arm).needs === 'nothing' || arm.table.encryption === 'none') return 0;
  if (arm.target !== 'embedded') return null;
  const { scope, singleFlight, earlyRefresh_ms, jitter } = arm.system.keyCache;
  if (!singleFlight || earlyRefresh_ms > 0 || jitter > 0) return null;
  if (arm.events.length > 0 || arm.system.replicas.length > 0) return null;
  const playing_ms = real_ms * arm.clock.speed;
  if (scope === 'connection' && !keepsConnections(arm)) return operations;
  if (scope === 'connection' && arm.connections.operations !== undefined) {
    return operations === null ? null : Math.round(ofShortLivedConnections(arm, operations, playing_ms));
  }
  const entries = entriesOf(arm);
  // A closed loop leaves no gap worth counting.
  const gap_ms = operations === null ? 0 : (playing_ms * entries) / operations;
  return Math.round(entries * loadsOfEntry(arm, playing_ms, gap_ms));
}

/** Entries of a cache whose owners stay. */
function entriesOf({ callers, connections, system, table }: Arm): number {
  const { mode, perCaller, operations } = connections;
  // A connection keeps to its host.
  const hosts =
    mode === 'keep-alive' && operations === undefined ? Math.min(system.hosts, perCaller) : system.hosts;
  const owners = { connection: callers * perCaller, caller: callers, host: callers * hosts, process: 1 };
  return owners[system.keyCache.scope] * table.count;
}

/** How often one entry is loaded: absolutely, a lifetime and a gap after its load; sliding, after each longer gap. */
function loadsOfEntry({ system: { keyCache } }: Arm, playing_ms: number, gap_ms: number): number {
  const { ttl_ms, expiry } = keyCache;
  if (expiry === 'absolute') return 1 + Math.floor(playing_ms / (ttl_ms + gap_ms));
  return 1 + (gap_ms === 0 ? 0 : (playing_ms / gap_ms) * Math.exp(-ttl_ms / gap_ms));
}

/**
 * Every connection loads the key of each table that it is asked for: those that set-up uses all of them in turn, those
 * that come later the ones that are drawn.
 */
function ofShortLivedConnections(arm: Arm, operations: number, playing_ms: number): number {
  const { callers, connections, table } = arm;
  const range = connections.operations!;
  const slots = callers * connections.perCaller;
  const asked = operations / slots + table.count;
  const later = connectionsBegun(range, asked) - connectionsBegun(range, table.count);
  const lasting_ms = (playing_ms * slots * (range.min + range.max)) / 2 / operations;
  const gap_ms = (playing_ms * slots * table.count) / operations;
  const loads = loadsOfEntry(arm, Math.min(playing_ms, lasting_ms), gap_ms);
  return slots * (table.count + later * tablesAsked(table.count, range)) * loads;
}

/** Lives after which the average is as good as the exact number, and operations after which nobody waits for it. */
const EXACT_LIVES = 30;
const EXACT_OPERATIONS = 1e6;

/** Connections that `asked` operations of one slot get through, on average over all lives (the renewal equation). */
function connectionsBegun({ min, max }: { min: number; max: number }, asked: number): number {
  const life = (min + max) / 2;
  const exact = Math.ceil(Math.min(asked, EXACT_LIVES * life, EXACT_OPERATIONS));
  // Sums of the numbers for 0, 1, 2, … operations, so that each life's share is a difference of two.
  const sums = new Float64Array(exact + 1);
  const sumTo = (count: number) => (count < 0 ? 0 : sums[count]!);
  let begun = 0;
  for (let count = 1; count <= exact; count++) {
    begun = 1 + (sumTo(count - min) - sumTo(count - max - 1)) / (max - min + 1);
    sums[count] = sums[count - 1]! + begun;
  }
  return begun + (asked - exact) / life;
}

/** Different ones among `tables` that a connection is asked for, on average over all lives. */
function tablesAsked(tables: number, { min, max }: { min: number; max: number }): number {
  const passed = 1 - 1 / tables;
  if (passed === 0) return 1;
  const lives = max - min + 1;
  return tables * (1 - (passed ** min * (1 - passed ** lives)) / ((1 - passed) * lives));
}
