import { describe, expect, test } from 'vitest';
import { tableNames } from '../../src/workload/workload.ts';
import { problemsOf, SOUND } from './problems.ts';

/** What can't be asked → the lines added to a sound file (from line 4 on) → the whole message. */
const ONE_PROBLEM: [string, string, string][] = [
  [
    'attributes that the smallest item has no room for',
    'table: { itemBytes: 64B, fields: 10 }',
    "w.yaml:4: table.fields: an item of 64 B has no room for its key and 10 attributes of at least a byte, which take 86 B with their names. Lower 'table.fields', or raise 'table.itemBytes' to 86B or more.",
  ],
  [
    'a hundred of them in the usual item, when some are smaller',
    'table: { itemBytes: { histogram: { 1KiB: 99, 512B: 1 } }, fields: 100 }',
    "w.yaml:4: table.fields: an item of 512 B has no room for its key and 100 attributes of at least a byte, which take 806 B with their names. Lower 'table.fields', or raise 'table.itemBytes' to 806B or more.",
  ],
  [
    'tables without items',
    'table: { count: 20, items: 19 }',
    "w.yaml:4: table.count: 19 items leave some of 20 tables empty. Lower it, or raise 'table.items' to 20 or more.",
  ],
  [
    'a name that is too long with a number after it',
    `table: { count: 10, name: ${'x'.repeat(253)} }`,
    "w.yaml:4: table.name: with the number of the table after it, it has 256 characters; a table's name has up to 255. Give a shorter one.",
  ],
  [
    'tables of one arm that are those of another',
    'target: http://localhost:8000\ntable: { encryption: none }\narms:\n  a: { table: { name: shared, count: 2 } }\n  b: { table: { name: shared-2 } }',
    "w.yaml:5: table.name: arms 'a' and 'b' would share a table at one target. Give each its own 'table.name', or leave it out.",
  ],
  [
    'resumed connections without TLS, however many operations they carry',
    'connections: { mode: resumed, operations: 5, tls: false }',
    "w.yaml:4: connections.mode: 'resumed' resumes TLS sessions, and there is no TLS here. Set 'connections.tls: true' or an https target, or leave the arm out.",
  ],
  [
    'a pool that is not ours to close',
    'driver: sdk\nconnections: { operations: 5 }',
    "w.yaml:5: connections.operations: driver 'sdk' leaves it to its pool how many operations a connection carries. Remove it, or use 'driver: http'.",
  ],
];

test.each(ONE_PROBLEM)('%s', (_, lines, message) => {
  expect(problemsOf(SOUND + lines)).toEqual([message]);
});

describe('what can be asked', () => {
  test.each([
    ['the least item there can be', 'table: { itemBytes: 86B, fields: 10 }'],
    [
      'sizes that are cut off where attributes begin',
      'table: { itemBytes: { logNormal: { p50: 100B, p99: 1KiB } }, fields: 10 }',
    ],
    ['a size with the share 0', 'table: { itemBytes: { histogram: { 1KiB: 1, 64B: 0 } }, fields: 10 }'],
    ['one item a table', 'table: { count: 20, items: 20 }'],
    ['the latest items where none are inserted', 'keys: { popularity: latest }\noperations: { get: 1 }'],
    ['inserts and nothing else', 'operations: { insert: 1 }'],
    ['scans of a store in the lanes', 'driver: envelope\noperations: { scan: 1 }'],
    ['short-lived connections of every mode', 'connections: { mode: resumed, operations: [1, 5] }'],
    ['and of slots without sockets', 'driver: envelope\nconnections: { mode: fresh, operations: 1 }'],
    ['more tables than callers, and weights', 'callers: { weights: [3, 1] }\ntable: { count: 9 }'],
  ])('%s', (_, lines) => {
    expect(problemsOf(SOUND + lines)).toEqual([]);
  });
});

test('tables go by the name of the first, and by number where there are several', () => {
  expect(tableNames({ name: 'items', count: 1 })).toEqual(['items']);
  expect(tableNames({ name: 'items', count: 3 })).toEqual(['items-1', 'items-2', 'items-3']);
});
