/** Replicas of tables where there can't be any. */
import type { Check } from './checks.ts';
import { traitsOf } from './driver-traits.ts';

export const REPLICA_CHECKS: readonly Check[] = [
  {
    reads: ['system.replicas', 'driver'],
    find: ({ driver, system: { replicas } }) =>
      replicas.length > 0 &&
      traitsOf({ driver }).needs !== 'server' && {
        what: `driver '${driver}' has no store process that could replicate tables.`,
        remedy: "Remove it, or use 'driver: http'.",
      },
  },
  {
    reads: ['system.replicas', 'system.kms.region'],
    find({ system: { kms, replicas } }) {
      const index = replicas.indexOf(kms.region);
      return (
        index !== -1 && {
          at: [index],
          what: `${kms.region} is the Region of the table itself.`,
          remedy: 'Name another one.',
        }
      );
    },
  },
  {
    reads: ['system.replicas'],
    find({ system: { replicas } }) {
      const index = replicas.findIndex((region, i) => replicas.indexOf(region) < i);
      return (
        index !== -1 && {
          at: [index],
          what: `${replicas[index]} is there already.`,
          remedy: 'Name each Region once.',
        }
      );
    },
  },
  {
    reads: ['system.replicas', 'table.encryption'],
    find: ({ table, system: { replicas } }) =>
      replicas.length > 0 &&
      table.encryption === 'none' && {
        what: 'a table without encryption, for comparison only, has no replicas.',
        remedy: "Remove it, or choose another 'table.encryption'.",
      },
  },
];
