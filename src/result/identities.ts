import type { KindRecording, TurnRecording } from '../recording/recording.ts';
import { type Arm, traitsOf } from '../workload/workload.ts';
import type { ArmEvidence, Identity } from './types.ts';

/**
 * Sums that must agree when every operation, request and call was counted once, by whoever saw it.
 * @param whole the set-up and all turns merged.
 */
export function checkIdentities(evidence: ArmEvidence, whole: TurnRecording): Identity[] {
  return [
    plan(whole),
    operations(whole),
    requests(evidence, whole),
    lookups(evidence),
    policies(evidence),
    ...decrypts(evidence),
  ];
}

function plan(whole: TurnRecording): Identity {
  return equal('planned = issued + unissued', [
    ['planned', whole.planned],
    ['issued + unissued', whole.issued + whole.unissued],
  ]);
}

function operations(whole: TurnRecording): Identity {
  const kinds = Object.values(whole.kinds);
  const ended = kinds.reduce((sum, kind) => sum + kind.count, 0);
  const outcomes = kinds.reduce((sum, kind) => sum + endedAs(kind), 0);
  const name = 'operations of all kinds = issued';
  // By how they ended, too: an operation that ended as nothing, or as two things, would show.
  if (outcomes !== ended)
    return equal(name, [
      ['ended', ended],
      ['successes, failures and reads of nothing', outcomes],
    ]);
  return equal(name, [
    ['ended', ended],
    ['issued', whole.issued],
  ]);
}

function endedAs({ response, early, missing, errors }: KindRecording): number {
  return response.count + early + missing + Object.values(errors).reduce((sum, count) => sum + count, 0);
}

function requests({ total }: ArmEvidence, whole: TurnRecording): Identity {
  const name = 'requests: client = server';
  const served = total.store?.requests ?? null;
  if (served === null) return notChecked(name, 'the target does not count requests');
  if (whole.connections === null) return notChecked(name, 'the driver does not count requests');
  const { requests: sent, transport_errors, abandoned } = whole.connections;
  const slack = transport_errors + abandoned;
  const within = slack === 0 ? '' : `, may differ by ${slack} (transport errors + abandoned)`;
  return {
    name,
    state: Math.abs(sent - served) <= slack ? 'ok' : 'broken',
    detail: `client ${sent}, server ${served}${within}`,
  };
}

function lookups({ total }: ArmEvidence): Identity {
  const name = 'cache lookups = hits + misses + coalesced';
  if (!total.store) return notChecked(name, 'the target does not count cache lookups');
  const { lookups, hits, misses, coalesced } = total.store.cache;
  return equal(name, [
    ['lookups', lookups],
    ['hits + misses + coalesced', hits + misses + coalesced],
  ]);
}

/** What the arm's cache policies rule out did not happen: no load is booked as another kind than it was. */
function policies({ arm, total }: ArmEvidence): Identity {
  const name = 'cache loads as its policies allow';
  if (!total.store) return notChecked(name, 'the target does not count cache lookups');
  const { singleFlight, earlyRefresh_ms } = arm.system.keyCache;
  const { hits, misses, coalesced, duplicates, refreshes } = total.store.cache;
  const excluded = singleFlight ? duplicates : coalesced;
  const refreshable = earlyRefresh_ms > 0 ? hits : 0;
  return {
    name,
    state: excluded === 0 && duplicates <= misses && refreshes <= refreshable ? 'ok' : 'broken',
    detail: `single flight ${singleFlight ? 'on' : 'off'}: ${coalesced} coalesced, ${duplicates} duplicates; refreshes ${refreshes}, at most ${refreshable}`,
  };
}

/** Two steps from a miss to the KMS's own log, so that the one that leaks can be told. */
function decrypts({ arm, total }: ArmEvidence): Identity[] {
  const names = [
    'store Decrypt attempts = misses + refreshes + own + retries',
    'store Decrypt attempts = KMS request log',
  ] as const;
  if (!total.store) return names.map((name) => notChecked(name, 'the target does not count KMS attempts'));
  const attempts = total.store.kmsAttempts.Decrypt ?? 0;
  const { cache, ownDecrypts, kmsRetries } = total.store;
  const expected = cache.misses + cache.refreshes + ownDecrypts + (kmsRetries.Decrypt ?? 0);
  return [
    equal(names[0], [
      ['attempts', attempts],
      ['misses + refreshes + own + retries', expected],
    ]),
    logged(names[1], attempts, total.kms?.calls.Decrypt ?? 0, { arm, known: total.kms !== null }),
  ];
}

function logged(
  name: string,
  attempts: number,
  log: number,
  { arm, known }: { arm: Arm; known: boolean },
): Identity {
  if (!known) return notChecked(name, 'the KMS supplies no request log');
  if (log > attempts && traitsOf(arm).callsKms) {
    return notChecked(
      name,
      `attempts ${attempts}, KMS log ${log}: the driver may have called the KMS itself`,
    );
  }
  return equal(name, [
    ['attempts', attempts],
    ['KMS log', log],
  ]);
}

function equal(name: string, [left, right]: [[string, number], [string, number]]): Identity {
  return {
    name,
    state: left[1] === right[1] ? 'ok' : 'broken',
    detail: `${left[0]} ${left[1]}, ${right[0]} ${right[1]}`,
  };
}

function notChecked(name: string, detail: string): Identity {
  return { name, state: 'not checked', detail };
}
