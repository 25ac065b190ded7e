/** What is well-formed field by field and impossible together. */

import { CACHE_CHECKS } from './cache-checks.ts';
import { DRIVER_CHECKS } from './driver-checks.ts';
import { traitsOf } from './driver-traits.ts';
import { EVENT_CHECKS } from './event-checks.ts';
import { PHASE_CHECKS } from './phase-checks.ts';
import type { Path } from './problems.ts';
import { REPLICA_CHECKS } from './replica-checks.ts';
import { isRemote } from './resolve.ts';
import type { WrittenArm } from './schema.ts';
import { TABLE_CHECKS } from './table-checks.ts';
import { TRACE_CHECKS } from './trace-checks.ts';
import type { Arm } from './types.ts';

export interface Clash {
  what: string;
  remedy: string;
  /** Where within the field that is to blame. */
  at?: Path;
}

/** `reads`: the fields it looks at, as dotted paths within an arm; the first one is where the blame is put. */
export interface Check {
  reads: readonly string[];
  find(arm: Arm, written: WrittenArm): Clash | false | undefined;
}

/** Ephemeral ports of a client: more connections to one endpoint can't be open. */
const MOST_CONNECTIONS = 28_000;

const targets: Check[] = [
  {
    reads: ['driver', 'target'],
    find: ({ driver, target }) =>
      traitsOf({ driver }).needs !== 'server' &&
      isRemote(target) && {
        what: `driver '${driver}' works inside this process and can't reach ${target}.`,
        remedy: "Use 'driver: http', or leave the target out.",
      },
  },
  {
    reads: ['system.storage', 'driver'],
    find: ({ driver, system }) =>
      traitsOf({ driver }).needs === 'directory' &&
      system.storage === 'memory' && {
        what: `driver '${driver}' opens the table in every lane, and a table in memory can't be shared.`,
        remedy: "Remove it, or use 'driver: http'.",
      },
  },
  {
    reads: ['system', 'target'],
    find: ({ target }, { system }) =>
      isRemote(target) &&
      system !== undefined && {
        what: `has no effect on ${target}, which runs by its own settings.`,
        remedy: "Remove it, or use 'target: embedded'.",
      },
  },
  {
    reads: ['kms', 'target'],
    find: ({ target, kmsTarget }) =>
      kmsTarget !== undefined &&
      !isRemote(target) && {
        what: 'the embedded system has a KMS of its own.',
        remedy: "Remove it (its settings are under 'system.kms'), or name a target.",
      },
  },
  {
    reads: ['table.encryption', 'target', 'kms'],
    find: ({ target, kmsTarget, table }) =>
      isRemote(target) &&
      kmsTarget === undefined &&
      table.encryption === 'customer-managed' && {
        what: `customer-managed (the default) needs a KMS to make the key for ${target} in.`,
        remedy: "Give its URL (--kms URL), or choose another 'table.encryption'.",
      },
  },
];

const connections: Check[] = [
  {
    reads: ['connections.tls', 'target', 'driver'],
    find: ({ target, driver }, { connections: written }) =>
      written?.tls !== undefined &&
      traitsOf({ driver }).needs === 'server' &&
      isRemote(target) &&
      target.startsWith('https:') !== written.tls && {
        what: `${written.tls} contradicts ${target}.`,
        remedy: 'Remove it: the URL decides.',
      },
  },
  {
    reads: ['connections.mode', 'connections.tls', 'target', 'driver'],
    find: ({ connections: { mode, tls }, driver }) =>
      mode === 'resumed' &&
      traitsOf({ driver }).cannot.resumed === undefined &&
      !tls && {
        what: "'resumed' resumes TLS sessions, and there is no TLS here.",
        remedy: "Set 'connections.tls: true' or an https target, or leave the arm out.",
      },
  },
  {
    reads: ['network.rtt', 'driver'],
    find: ({ driver, network: { rtt_ns } }) =>
      rtt_ns > 0 &&
      ['envelope', 'noop', 'module'].includes(driver) && {
        what:
          driver === 'module'
            ? "a driver of your own makes its connections by itself: they can't be led through an emulated network."
            : `driver '${driver}' goes over no network.`,
        remedy: "Remove it, or use 'driver: http'.",
      },
  },
  {
    reads: ['connections.perCaller', 'callers'],
    find: ({ callers, connections: { perCaller } }) =>
      callers * perCaller > MOST_CONNECTIONS && {
        what: `${callers} callers with ${perCaller} connections each are ${callers * perCaller}; one client has ports for ${MOST_CONNECTIONS}.`,
        remedy: 'Lower one of the two.',
      },
  },
  {
    reads: ['system.auth', 'sign', 'driver', 'target'],
    find: ({ sign, system, driver }) =>
      traitsOf({ driver }).needs === 'server' &&
      !sign &&
      system.auth === 'sigv4' && {
        what: "the store would refuse every request, since 'sign' is false.",
        remedy: "Set 'system.auth: none', or 'sign: true'.",
      },
  },
  {
    reads: ['system.kms.latency'],
    find: ({ system: { kms } }) =>
      kms.latency !== undefined &&
      kms.latency.p99_ms < kms.latency.p50_ms && {
        what: `p99 (${kms.latency.p99_ms} ms) is below p50 (${kms.latency.p50_ms} ms).`,
        remedy: 'Give a p99 of at least the p50.',
      },
  },
];

const load: Check[] = [
  {
    reads: ['arrivals.rate', 'arrivals.loop', 'arrivals'],
    find: (_, { arrivals, phases = [] }) => {
      const closed = arrivals?.loop === 'closed';
      if (closed && arrivals.rate !== undefined) {
        return {
          what: 'a closed loop has no rate: each user waits for its answer.',
          remedy: "Remove it, or use 'loop: open'.",
        };
      }
      const open = !closed && arrivals?.concurrency === undefined;
      const everyPhaseHasOne = phases.length > 0 && phases.every(({ rate }) => rate !== undefined);
      const missing = open && arrivals?.rate === undefined && !everyPhaseHasOne;
      return (
        missing && {
          what: 'the rate is missing.',
          remedy: "Say how fast operations fall due: 'arrivals: { rate: 100/s }'.",
        }
      );
    },
  },
  {
    reads: ['arrivals.concurrency', 'arrivals.loop', 'arrivals'],
    find: (_, { arrivals }) => {
      const closed = arrivals?.loop === 'closed';
      if (!closed && arrivals?.concurrency !== undefined) {
        return {
          what: 'an open loop has no concurrency.',
          remedy: "Write 'loop: closed', or give a rate instead.",
        };
      }
      return (
        closed &&
        arrivals.concurrency === undefined && {
          what: 'the concurrency is missing.',
          remedy: "Say how many users there are: 'arrivals: { loop: closed, concurrency: 8 }'.",
        }
      );
    },
  },
  {
    reads: ['arrivals.process', 'arrivals.loop', 'arrivals'],
    find: (_, { arrivals }) =>
      arrivals?.loop === 'closed' &&
      arrivals.process !== undefined && {
        what: 'a closed loop has no arrival process.',
        remedy: 'Remove it.',
      },
  },
  {
    reads: ['arrivals.think', 'arrivals.loop', 'arrivals'],
    find: ({ arrivals: { loop } }, { arrivals }) =>
      loop === 'open' &&
      arrivals?.think !== undefined && {
        what: 'in an open loop nobody waits for answers, or thinks after them.',
        remedy: "Remove it, or use 'loop: closed'.",
      },
  },
  {
    reads: ['arrivals.concurrency', 'connections.maxInFlight'],
    find: ({ arrivals, connections: { maxInFlight } }) =>
      arrivals.loop === 'closed' &&
      arrivals.concurrency > maxInFlight && {
        what: `${arrivals.concurrency} users can't work with at most ${maxInFlight} operations in flight.`,
        remedy: "Raise 'connections.maxInFlight'.",
      },
  },
  {
    reads: ['operations'],
    find: ({ operations }) =>
      Object.values(operations).every((share) => share === 0) && {
        what: 'the shares add up to nothing.',
        remedy: "Give one: 'operations: { get: 95, put: 5 }'.",
      },
  },
];

export const ARM_CHECKS: readonly Check[] = [
  ...targets,
  ...connections,
  ...DRIVER_CHECKS,
  ...TABLE_CHECKS,
  ...REPLICA_CHECKS,
  ...load.map(unlessReplayed),
  ...PHASE_CHECKS,
  ...TRACE_CHECKS,
  ...CACHE_CHECKS,
  ...EVENT_CHECKS,
];

/** Recorded traffic has arrivals and operations of its own. */
function unlessReplayed(check: Check): Check {
  return { ...check, find: (arm, written) => !arm.trace && check.find(arm, written) };
}
