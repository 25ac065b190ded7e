import { setTimeout as sleep } from 'node:timers/promises';
import { realClock } from '../std/clock.ts';
import type { EventRecord, WorkloadEvent } from '../workload/workload.ts';
import type { Happen } from './types.ts';

/** Nothing that can be made to happen takes longer: what does has failed, and the run goes on. */
const PATIENCE_MS = 30_000;

export interface EventTurn {
  /** On the arm's time line. */
  from_ns: number;
  to_ns: number;
  /** When the turn begins, on the machine's clock. */
  start_ns: number;
}

/**
 * Makes the events of one turn happen when they are due, each after the one before it, and says when they did. A turn
 * that ends early leaves out those that were not due yet.
 */
export async function playEvents(
  events: readonly WorkloadEvent[],
  happen: Happen,
  { from_ns, to_ns, start_ns }: EventTurn,
  over: AbortSignal,
): Promise<EventRecord[]> {
  const origin_ns = start_ns - from_ns;
  const records: EventRecord[] = [];
  for (const event of events) {
    if (event.at_ns < from_ns || event.at_ns >= to_ns) continue;
    const wait_ms = (origin_ns + event.at_ns - realClock.now_ns()) / 1e6;
    if (wait_ms > 0) await sleep(wait_ms, undefined, { signal: over }).catch(() => {});
    if (over.aborted) break;
    const began_ns = realClock.now_ns() - origin_ns;
    const outcome = await outcomeOf(event, happen);
    records.push({ event, began_ns, ended_ns: realClock.now_ns() - origin_ns, ...outcome });
  }
  return records;
}

async function outcomeOf(
  event: WorkloadEvent,
  happen: Happen,
): Promise<Pick<EventRecord, 'observed' | 'error'>> {
  const enough = new AbortController();
  try {
    // Aborted when its time is over: whatever waits for something then stops.
    const late = sleep(PATIENCE_MS, undefined, { signal: enough.signal }).catch(() => undefined);
    const observed = await Promise.race([happen(event, enough.signal), late]);
    return observed === undefined
      ? { observed: [], error: `not done after ${PATIENCE_MS / 1000} s` }
      : { observed, error: null };
  } catch (error) {
    return { observed: [], error: error instanceof Error ? error.message : String(error) };
  } finally {
    enough.abort();
  }
}
