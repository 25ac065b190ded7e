import { failedIn, LatencyHistogram, mergeKinds } from '../recording/recording.ts';
import { readHdr } from './hdr.ts';
import type { BlockSummary, SystemSample, TurnEvidence } from './types.ts';

/** A measured turn as intervals need it. Counters are what the turn added. */
export function summariseBlock(turn: TurnEvidence): BlockSummary {
  const { recording, before, after } = turn;
  const all = mergeKinds(Object.values(recording.kinds));
  return {
    block: turn.block,
    operations: all.count,
    errors: failedIn(all),
    duration_ns: turnLength_ns(recording),
    kms_calls: difference(before, after, (sample) => (sample.kms ? sumOf(sample.kms.calls) : null)),
    cache: cacheOf(before, after),
    connections_opened: recording.connections?.opened ?? null,
    cpu_us: {
      lanes: recording.cpu_us,
      store: difference(before, after, (sample) => sample.store?.cpu_us ?? null),
      kms: difference(before, after, (sample) => sample.kms?.cpu_us ?? null),
    },
    response_hdr: LatencyHistogram.from(all.response).encode(),
    service_hdr: LatencyHistogram.from(all.service).encode(),
  };
}

/** A turn lasts as planned, and longer while it drains: an early last answer doesn't raise its rate. */
export function turnLength_ns(recording: { duration_ns: number; elapsed_ns: number }): number {
  return Math.max(recording.duration_ns, recording.elapsed_ns);
}

export function sumOf(counts: Record<string, number>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function cacheOf(before: SystemSample, after: SystemSample): BlockSummary['cache'] {
  if (!before.store || !after.store) return null;
  const [from, to] = [before.store.cache, after.store.cache];
  return {
    lookups: to.lookups - from.lookups,
    hits: to.hits - from.hits,
    misses: to.misses - from.misses,
    coalesced: to.coalesced - from.coalesced,
  };
}

/** What a cumulative counter gained, null where either reading lacks it. */
export function difference(
  before: SystemSample,
  after: SystemSample,
  counter: (sample: SystemSample) => number | null,
): number | null {
  const [from, to] = [counter(before), counter(after)];
  return from === null || to === null ? null : to - from;
}

/** Half as many blocks, each of two neighbours (and a last one alone where their number is odd). */
export function mergeBlockPairs(blocks: readonly BlockSummary[]): BlockSummary[] {
  const merged: BlockSummary[] = [];
  for (let i = 0; i < blocks.length; i += 2) {
    const [first, second] = [blocks[i]!, blocks[i + 1]];
    merged.push(second ? mergePair(first, second) : first);
  }
  return merged;
}

function mergePair(a: BlockSummary, b: BlockSummary): BlockSummary {
  return {
    block: a.block,
    operations: a.operations + b.operations,
    errors: a.errors + b.errors,
    duration_ns: a.duration_ns + b.duration_ns,
    kms_calls: plus(a.kms_calls, b.kms_calls),
    cache:
      a.cache && b.cache
        ? {
            lookups: a.cache.lookups + b.cache.lookups,
            hits: a.cache.hits + b.cache.hits,
            misses: a.cache.misses + b.cache.misses,
            coalesced: a.cache.coalesced + b.cache.coalesced,
          }
        : null,
    connections_opened: plus(a.connections_opened, b.connections_opened),
    cpu_us: {
      lanes: plus(a.cpu_us.lanes, b.cpu_us.lanes),
      store: plus(a.cpu_us.store, b.cpu_us.store),
      kms: plus(a.cpu_us.kms, b.cpu_us.kms),
    },
    response_hdr: mergeHdr(a.response_hdr, b.response_hdr),
    service_hdr: mergeHdr(a.service_hdr, b.service_hdr),
  };
}

function plus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}

function mergeHdr(a: string, b: string): string {
  const histogram = readHdr(a);
  histogram.add(readHdr(b).snapshot());
  return histogram.encode();
}
