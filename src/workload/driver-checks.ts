/** What a workload asks of a driver that can't do it. */
import type { Check } from './checks.ts';
import { type Ability, traitsOf } from './driver-traits.ts';
import { isRemote } from './resolve.ts';
import type { WrittenArm } from './schema.ts';
import type { Arm } from './types.ts';

interface Demand {
  ability: Ability;
  reads: readonly string[];
  made(arm: Arm, written: WrittenArm): boolean;
  remedy: string | ((arm: Arm) => string);
}

const MODE = ['connections.mode', 'driver'];
const OTHER_MODE = "Use 'keep-alive', or 'driver: http'.";

const DEMANDS: readonly Demand[] = [
  {
    ability: 'tls',
    reads: ['connections.tls', 'target', 'driver'],
    made: ({ connections, target }, written) =>
      written.connections?.tls === true || (connections.tls && isRemote(target)),
    remedy: (arm) => {
      if (traitsOf(arm).needs !== 'server') return 'Remove it.';
      return isRemote(arm.target)
        ? "Name an http target, or use 'driver: http'."
        : "Set 'connections.tls: false', or use 'driver: http'.";
    },
  },
  {
    ability: 'resumed',
    reads: MODE,
    made: ({ connections: { mode } }) => mode === 'resumed',
    remedy: "Use 'driver: http'.",
  },
  {
    ability: 'fresh',
    reads: MODE,
    made: ({ connections: { mode } }) => mode === 'fresh',
    remedy: OTHER_MODE,
  },
  {
    ability: 'lifetimes',
    reads: ['connections.operations', 'driver'],
    made: ({ connections: { operations } }) => operations !== undefined,
    remedy: "Remove it, or use 'driver: http'.",
  },
  {
    ability: 'signed',
    reads: ['sign', 'driver'],
    made: (_, { sign }) => sign === true,
    remedy: 'Remove it.',
  },
  {
    ability: 'unsigned',
    reads: ['sign', 'driver'],
    made: (_, { sign }) => sign === false,
    remedy: "Remove it; with 'system.auth: none' the store verifies no signature.",
  },
  {
    ability: 'open loop',
    reads: ['arrivals.loop', 'arrivals', 'driver'],
    made: ({ arrivals }) => arrivals.loop === 'open',
    remedy: "Use 'arrivals: { loop: closed, concurrency: 8 }', or 'driver: http'.",
  },
  {
    ability: 'think time',
    reads: ['arrivals.think', 'arrivals', 'driver'],
    made: ({ arrivals }) => arrivals.loop === 'closed' && arrivals.think.mean_ns > 0,
    remedy: "Remove it, or use 'driver: http'.",
  },
];

export const DRIVER_CHECKS: readonly Check[] = DEMANDS.map(({ ability, reads, made, remedy }) => ({
  reads,
  find: (arm, written) => {
    const why = traitsOf(arm).cannot[ability];
    return (
      why !== undefined &&
      made(arm, written) && {
        what: `driver '${arm.driver}' ${why}`,
        remedy: typeof remedy === 'string' ? remedy : remedy(arm),
      }
    );
  },
}));
