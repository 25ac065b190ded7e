import { expect, test } from 'vitest';
import { parseWorkload } from '../../src/workload/workload.ts';
import { problemsOf, SOUND } from './problems.ts';

/** What is wrong → the lines from the fourth on → the whole message. */
const PROBLEMS: [string, string, string][] = [
  [
    'a clock of an endpoint',
    'target: http://127.0.0.1:1\ntable: { encryption: aws-owned }\nclock: { speed: 60 }',
    "w.yaml:6: clock.speed: http://127.0.0.1:1 goes by its own clock. Remove it, or use 'target: embedded'.",
  ],
  [
    'a clock without a store process',
    'driver: envelope\nclock: { speed: 60 }',
    "w.yaml:5: clock.speed: driver 'envelope' has no store process whose clock could be set. Remove it, or use 'driver: http'.",
  ],
  [
    'a clock that runs backwards',
    'clock: { speed: -1 }',
    'w.yaml:4: clock.speed: expected a number of at least 1, got -1.',
  ],
  [
    'a refresh of the whole life',
    'system: { keyCache: { ttl: 1m, earlyRefresh: 55s, jitter: 10% } }',
    "w.yaml:4: system.keyCache.earlyRefresh: entries would be refreshed all their life, which may be as short as 54 s. Lower it, or raise the 'ttl'.",
  ],
  [
    'a refresh of what slides',
    'system: { keyCache: { expiry: sliding, earlyRefresh: 5s } }',
    "w.yaml:4: system.keyCache.earlyRefresh: with sliding expiry a hit makes an entry young by itself, and there is nothing to refresh. Use 'expiry: absolute'.",
  ],
  [
    'a jitter of everything',
    'system: { keyCache: { jitter: 100% } }',
    'w.yaml:4: system.keyCache.jitter: expected a share from 0 to below 100%, got "100%". Write 10% or 0.1.',
  ],
];

test.each(PROBLEMS)('%s is told with its line', (_, text, message) => {
  expect(problemsOf(`${SOUND}${text}\n`)).toEqual([message]);
});

test('cache policies and clocks are read, arm by arm', () => {
  const { arms } = parseWorkload(
    `${SOUND}clock: { speed: 60 }
system: { keyCache: { singleFlight: false, earlyRefresh: 30s, jitter: 5% } }
arms:
  base: {}
  plain: { clock: { speed: 1 }, system: { keyCache: { jitter: 0.1 } } }
`,
    'w.yaml',
  );
  const keyCache = { singleFlight: false, earlyRefresh_ms: 30_000, jitter: 0.05 };
  expect(arms[0]).toMatchObject({ clock: { speed: 60 }, system: { keyCache } });
  expect(arms[1]).toMatchObject({ clock: { speed: 1 }, system: { keyCache: { ...keyCache, jitter: 0.1 } } });
});
