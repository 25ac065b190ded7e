import { expect, test } from 'vitest';
import { parseWorkload } from '../../src/workload/workload.ts';
import { problemsOf } from './problems.ts';

const HEAD = 'name: w\narrivals: { rate: 100/s }\nphases: [{ for: 5s, measured: false }, { for: 10s }]\n';
const events = (...list: string[]) => `events:\n${list.map((event) => `  - ${event}`).join('\n')}`;

/** What is wrong → the lines from the fourth on → the whole message. The first event is in line 5. */
const PROBLEMS: [string, string, string][] = [
  [
    'an unknown action',
    events('{ at: 1s, do: disable-keys }'),
    'w.yaml:5: events[0].do: expected disable-key, disable-replica-key, enable-key, rotate-key, schedule-key-deletion, cancel-key-deletion, change-key, kms-outage, kms-throttle, kms-latency, advance-clock or wipe-cache, got "disable-keys". Did you mean \'disable-key\'?',
  ],
  ['an event without a moment', events('{ do: wipe-cache }'), 'w.yaml:5: events[0].at is missing.'],
  [
    'an event after the end',
    events('{ at: 1s, do: wipe-cache }', '{ at: 15s, do: wipe-cache }'),
    'w.yaml:6: events[1].at: the phases are over after 15 s. Lower it, or lengthen a phase.',
  ],
  [
    'a fault without an end',
    events('{ at: 1s, do: kms-outage }'),
    "w.yaml:5: events[0]: kms-outage needs 'for'. Add it: 'for: 5s'.",
  ],
  [
    'a fault that is no fault',
    events('{ at: 1s, do: wipe-cache, for: 5s }'),
    "w.yaml:5: events[0].for: wipe-cache has no 'for'. Remove it.",
  ],
  [
    'two faults at once',
    events('{ at: 1s, do: kms-outage, for: 5s }', '{ at: 5s, do: kms-throttle, for: 1s }'),
    'w.yaml:6: events[1]: kms-throttle begins before kms-outage is over; the KMS has one fault at a time. Move one of them.',
  ],
  [
    'latencies the wrong way round',
    events('{ at: 1s, do: kms-latency, for: 5s, p50: 20ms, p99: 10ms }'),
    'w.yaml:5: events[0].p99: p99 (10 ms) is below p50 (20 ms). Give a p99 of at least the p50.',
  ],
  [
    'somebody else’s key',
    `table: { encryption: aws-owned }\n${events('{ at: 1s, do: disable-key }')}`,
    "w.yaml:6: events[0]: disable-key is for a customer managed key, and the table's is then aws-owned. Use 'table.encryption: customer-managed', or a change-key before it.",
  ],
  [
    'the key of no replica',
    events('{ at: 1s, do: disable-replica-key }'),
    "w.yaml:5: events[0]: the table has no replica. Give it one: 'system: { replicas: [eu-west-1] }'.",
  ],
  [
    'a replica without a key of its own',
    `system: { replicas: [eu-west-1] }\ntable: { encryption: aws-owned }\n${events('{ at: 1s, do: disable-replica-key }')}`,
    "w.yaml:7: events[0]: disable-replica-key is for a customer managed key, and the replica of a table under aws-owned has none. Use 'table.encryption: customer-managed'.",
  ],
  [
    'a key that was left behind',
    events('{ at: 2s, do: disable-key }', '{ at: 1s, do: change-key, to: aws-managed }'),
    "w.yaml:5: events[0]: disable-key is for a customer managed key, and the table's is then aws-managed. Use 'table.encryption: customer-managed', or a change-key before it.",
  ],
  [
    'a change to what is',
    `table: { encryption: aws-owned }\n${events('{ at: 1s, do: change-key, to: aws-owned }')}`,
    "w.yaml:6: events[0]: the table's key is aws-owned already. Remove it, or choose another kind.",
  ],
  [
    'a key for a table without encryption',
    `table: { encryption: none }\n${events('{ at: 1s, do: change-key }')}`,
    'w.yaml:6: events[0]: a table without encryption stays without. Remove it, or choose another kind.',
  ],
  [
    'events of an endpoint',
    `target: http://127.0.0.1:1\ntable: { encryption: aws-owned }\n${events('{ at: 1s, do: wipe-cache }')}`,
    "w.yaml:6: events: nothing can be made to happen to http://127.0.0.1:1. Remove it, or use 'target: embedded'.",
  ],
  [
    'events without a store process',
    `driver: envelope\n${events('{ at: 1s, do: wipe-cache }')}`,
    "w.yaml:5: events: driver 'envelope' has no store process for anything to happen to. Remove it, or use 'driver: http'.",
  ],
];

test.each(PROBLEMS)('%s is told with its line', (_, text, message) => {
  expect(problemsOf(`${HEAD}${text}\n`)).toEqual([message]);
});

test('phases by count know no moments', () => {
  const text = `name: w\narrivals: { loop: closed, concurrency: 4 }\nphases: [{ count: 500 }]\n${events('{ at: 1s, do: wipe-cache }')}\n`;
  expect(problemsOf(text)).toEqual([
    "w.yaml:4: events: phases by count last as long as they take, so that nobody knows when events are due. Give the phases 'for'.",
  ]);
});

test('events are in the order of their moments, an arm’s in place of the base’s', () => {
  const { arms } = parseWorkload(
    `${HEAD}${events('{ at: 9s, do: advance-clock, by: 5m }', '{ at: 6s, do: kms-latency, for: 2s, p50: 50ms, p99: 0.2s }', '{ at: 9s, do: change-key }')}
clock: { speed: 60 }
system: { keyCache: { singleFlight: false, earlyRefresh: 30s, jitter: 5% } }
arms:
  base: {}
  quiet: { events: [], clock: { speed: 1 } }
`,
    'w.yaml',
  );
  expect(arms[0]).toMatchObject({
    clock: { speed: 60 },
    events: [
      { at_ns: 6e9, do: 'kms-latency', for_ns: 2e9, p50_ms: 50, p99_ms: 200 },
      { at_ns: 9e9, do: 'advance-clock', by_ms: 300_000 },
      { at_ns: 9e9, do: 'change-key', to: 'customer-managed' },
    ],
    system: { keyCache: { singleFlight: false, earlyRefresh_ms: 30_000, jitter: 0.05 } },
  });
  expect(arms[1]).toMatchObject({ clock: { speed: 1 }, events: [] });
});
