/** Clocks and cache policies that are impossible by themselves, or with the rest of the arm. */
import type { Check } from './checks.ts';
import { traitsOf } from './driver-traits.ts';
import { isRemote } from './resolve.ts';

export const CACHE_CHECKS: readonly Check[] = [
  {
    reads: ['clock.speed', 'clock', 'target', 'driver'],
    find({ clock, target, driver }) {
      if (clock.speed === 1) return false;
      if (isRemote(target)) {
        return { what: `${target} goes by its own clock.`, remedy: "Remove it, or use 'target: embedded'." };
      }
      return (
        traitsOf({ driver }).needs !== 'server' && {
          what: `driver '${driver}' has no store process whose clock could be set.`,
          remedy: "Remove it, or use 'driver: http'.",
        }
      );
    },
  },
  {
    reads: ['system.keyCache.earlyRefresh', 'system.keyCache.expiry'],
    find: ({ system: { keyCache } }) =>
      keyCache.earlyRefresh_ms > 0 &&
      keyCache.expiry === 'sliding' && {
        what: 'with sliding expiry a hit makes an entry young by itself, and there is nothing to refresh.',
        remedy: "Use 'expiry: absolute'.",
      },
  },
  {
    reads: ['system.keyCache.earlyRefresh', 'system.keyCache.jitter', 'system.keyCache.ttl'],
    find({ system: { keyCache } }) {
      const { earlyRefresh_ms, jitter, ttl_ms } = keyCache;
      const shortest_ms = ttl_ms * (1 - jitter);
      return (
        earlyRefresh_ms > 0 &&
        earlyRefresh_ms >= shortest_ms && {
          what: `entries would be refreshed all their life, which may be as short as ${shortest_ms / 1e3} s.`,
          remedy: "Lower it, or raise the 'ttl'.",
        }
      );
    },
  },
];
