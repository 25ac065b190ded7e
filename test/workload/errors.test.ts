import { describe, expect, test } from 'vitest';
import { problemsOf, SOUND } from './problems.ts';

/** What is wrong → the lines added to a sound file (from line 4 on) → the whole message. */
const ONE_PROBLEM: [string, string, string][] = [
  [
    'a duration without its unit',
    'system: { keyCache: { ttl: 5 } }',
    'w.yaml:4: system.keyCache.ttl: expected a duration from 1ms to 30d, got 5. Write 5s or 5m.',
  ],
  [
    'a duration out of range',
    'connections: { timeout: 2h }',
    'w.yaml:4: connections.timeout: expected a duration from 1ms to 10m, got "2h".',
  ],
  [
    'a size in an unknown unit',
    'table: { itemBytes: 1kib }',
    'w.yaml:4: table.itemBytes: expected a size from 64B to 400KiB, got "1kib". Write 1KiB or 512B.',
  ],
  [
    'half an item',
    'callers: 1.5',
    'w.yaml:4: callers: expected a whole number from 1 to 10k, got 1.5. Write 500 or 10k.',
  ],
  [
    'a negative count',
    'callers: -3',
    'w.yaml:4: callers: expected a whole number from 1 to 10k, got -3. Write 500 or 10k.',
  ],
  ['zero callers', 'callers: 0', 'w.yaml:4: callers: expected a whole number from 1 to 10k, got 0.'],
  [
    'a misspelt field',
    'conections: { mode: fresh }',
    "w.yaml:4: conections: unknown field. Did you mean 'connections'?",
  ],
  [
    'a field that is far from any other',
    'keys: { zebra: 1 }',
    'w.yaml:4: keys.zebra: unknown field. Known here: popularity, scanItems.',
  ],
  [
    'a misspelt word',
    'connections: { mode: keepalive }',
    'w.yaml:4: connections.mode: expected keep-alive, resumed or fresh, got "keepalive". Did you mean \'keep-alive\'?',
  ],
  ['text for a truth value', 'sign: yes', 'w.yaml:4: sign: expected true or false, got "yes".'],
  ['a word for a map', 'table: 5', 'w.yaml:4: table: expected a map of fields, got 5.'],
  ['nothing for a map', 'table:', 'w.yaml:4: table: expected a map of fields, got nothing.'],
  [
    'a driver that nobody knows',
    'driver: htp',
    'w.yaml:4: driver: expected http, envelope, sdk, autocannon, noop or the path of a module (./my-driver.ts), got "htp". Did you mean \'http\'?',
  ],
  [
    'an unknown popularity',
    'keys: { popularity: newest }',
    "w.yaml:4: keys.popularity: expected one of 'zipf 0.99', 'uniform', 'latest 0.99', 'hotspot 20% 80%', 'sequential', got \"newest\". Write 'zipf 0.99'.",
  ],
  [
    'shares that add up to nothing',
    'operations: { get: 0 }',
    "w.yaml:4: operations: the shares add up to nothing. Give one: 'operations: { get: 95, put: 5 }'.",
  ],
  [
    'a negative share',
    'operations: { get: -1 }',
    'w.yaml:4: operations.get: expected a number of at least 0, got -1.',
  ],
  [
    'a base that is no arm',
    'arms: { alpha: {}, beta: {} }\ncompare: { base: gamma }',
    "w.yaml:5: compare.base: there is no arm 'gamma'. Arms: alpha, beta.",
  ],
  [
    'one block to compare by',
    'arms: { a: {}, b: {} }\ncompare: { blocks: 1 }',
    'w.yaml:5: compare.blocks: one block has no spread to compare arms by. Use at least 2; intervals are good from about 5 on.',
  ],
  [
    'turns too short to measure',
    'compare: { blocks: 100 }\narms:\n  a: { phases: [ { for: 1s } ] }',
    "w.yaml:4: compare.blocks: 1000 ms measured in 100 blocks make turns shorter than 100 ms (arm 'a'). Use fewer blocks or longer phases.",
  ],
  [
    'a shared field in an arm',
    'arms:\n  a:\n    seed: 4',
    "w.yaml:6: arms.a.seed: unknown field. All arms share 'seed': move it to the top of the file.",
  ],
  [
    'an arm name that no file can have',
    'arms: { ../up: {} }',
    'w.yaml:4: arms: expected a name of up to 60 letters, digits, - and _ for an arm, got "../up".',
  ],
  [
    'an arm name that JavaScript reads otherwise',
    'arms: { __proto__: {} }',
    'w.yaml:4: arms: expected a name of up to 60 letters, digits, - and _, got "__proto__".',
  ],
  [
    'resumed sessions without TLS',
    'arms:\n  r: { connections: { mode: resumed } }\nconnections: { tls: false }',
    "w.yaml:5: arms.r.connections.mode: 'resumed' resumes TLS sessions, and there is no TLS here. Set 'connections.tls: true' or an https target, or leave the arm out.",
  ],
  [
    'a KMS beside the embedded one',
    'kms: http://localhost:4000',
    "w.yaml:4: kms: the embedded system has a KMS of its own. Remove it (its settings are under 'system.kms'), or name a target.",
  ],
  [
    'settings of a system that runs elsewhere',
    'target: http://localhost:8000\ntable: { encryption: none }\nsystem: { hosts: 2 }',
    "w.yaml:6: system: has no effect on http://localhost:8000, which runs by its own settings. Remove it, or use 'target: embedded'.",
  ],
  [
    'a customer managed key with nobody to make it',
    'target: http://localhost:8000',
    "w.yaml:4: target: customer-managed (the default) needs a KMS to make the key for http://localhost:8000 in. Give its URL (--kms URL), or choose another 'table.encryption'.",
  ],
  [
    'TLS against the URL',
    'target: http://localhost:8000\ntable: { encryption: none }\nconnections: { tls: true }',
    'w.yaml:6: connections.tls: true contradicts http://localhost:8000. Remove it: the URL decides.',
  ],
  [
    'arms on one table of one endpoint',
    'target: http://localhost:8000\ntable: { encryption: none, name: shared }\narms: { a: {}, b: {} }',
    "w.yaml:5: table.name: arms 'a' and 'b' would share a table at one target. Give each its own 'table.name', or leave it out.",
  ],
  [
    'a driver that reaches nowhere',
    'target: http://localhost:8000\ntable: { encryption: none }\ndriver: envelope',
    "w.yaml:6: driver: driver 'envelope' works inside this process and can't reach http://localhost:8000. Use 'driver: http', or leave the target out.",
  ],
  [
    'a table in memory that every lane would have to hold',
    'driver: envelope\nsystem: { storage: memory }',
    "w.yaml:5: system.storage: driver 'envelope' opens the table in every lane, and a table in memory can't be shared. Remove it, or use 'driver: http'.",
  ],
  [
    'signatures without requests',
    'driver: envelope\nsign: true',
    "w.yaml:5: sign: driver 'envelope' sends no request to sign. Remove it.",
  ],
  [
    'TLS without a wire',
    'driver: envelope\nconnections: { tls: true }',
    "w.yaml:5: connections.tls: driver 'envelope' has no connection to encrypt. Remove it.",
  ],
  [
    'a store that would refuse every request',
    'sign: false\nsystem: { auth: sigv4 }',
    "w.yaml:5: system.auth: the store would refuse every request, since 'sign' is false. Set 'system.auth: none', or 'sign: true'.",
  ],
  [
    'percentiles upside down',
    'system: { kms: { latency: { p50: 9ms, p99: 2ms } } }',
    'w.yaml:4: system.kms.latency: p99 (2 ms) is below p50 (9 ms). Give a p99 of at least the p50.',
  ],
  [
    'half a latency',
    'system: { kms: { latency: { p50: 9ms } } }',
    "w.yaml:4: system.kms.latency.p99 is missing. Give both: 'latency: { p50: 6ms, p99: 25ms }'.",
  ],
  [
    'more connections than ports',
    'callers: 10k\nconnections: { perCaller: 10 }',
    'w.yaml:5: connections.perCaller: 10000 callers with 10 connections each are 100000; one client has ports for 28000. Lower one of the two.',
  ],
  [
    'a Region that is none',
    'system: { kms: { region: mars } }',
    'w.yaml:4: system.kms.region: expected an AWS Region such as us-east-1, got "mars".',
  ],
  [
    'a target that is no URL',
    'target: localhost:8000',
    'w.yaml:4: target: expected embedded, or http(s)://host:port, got "localhost:8000".',
  ],
  [
    'a target with a path',
    'target: http://h/path',
    'w.yaml:4: target: expected embedded, or http(s)://host:port, got "http://h/path".',
  ],
  [
    'gates, which are not there yet',
    'gates: []',
    'w.yaml:4: gates: unknown field. Known here: name, driver, target, kms, callers, connections, sign, system, network, table, keys, trace, clock, events, operations, arrivals, phases, cost, arms, compare, seed.',
  ],
];

const SEVERAL_FORMS: [string, string, string[]][] = [
  [
    'a list where a rate or a map belongs',
    'arrivals: { rate: [1/s] }',
    [
      'w.yaml:4: arrivals.rate: expected one of 100/s | { from, to } | { steps } | { base, spike, at, for } | { mean, amplitude, period }, got a list.',
    ],
  ],
  ['half a ramp', 'arrivals: { rate: { from: 1/s } }', ['w.yaml:4: arrivals.rate.to is missing.']],
  [
    'a misspelt ramp',
    'arrivals: { rate: { form: 1/s, to: 2/s } }',
    [
      'w.yaml:4: arrivals.rate.from is missing.',
      "w.yaml:4: arrivals.rate.form: unknown field. Did you mean 'from'?",
    ],
  ],
  [
    'a step without its unit',
    'arrivals: { rate: { steps: [1/s, 2] } }',
    ['w.yaml:4: arrivals.rate.steps[1]: expected a rate from 0/s to 10M/s, got 2. Write 2/s or 2/m.'],
  ],
  [
    'a sine below nothing',
    'arrivals: { rate: { mean: 1/s, amplitude: 2/s, period: 1s } }',
    ['w.yaml:4: arrivals.rate: the amplitude exceeds the mean.'],
  ],
  [
    'sizes the wrong way round',
    'table: { itemBytes: { uniform: [4KiB, 1KiB] } }',
    ['w.yaml:4: table.itemBytes.uniform: the larger one comes first.'],
  ],
  [
    'a size class that is none',
    'table: { itemBytes: { histogram: { 1KiB: 1, 3x: 4 } } }',
    ['w.yaml:4: table.itemBytes.histogram.3x: expected a size from 64B to 400KiB, got "3x".'],
  ],
  [
    'a count beside listed weights',
    'callers: { count: 3, weights: [1, 2] }',
    ['w.yaml:4: callers.count: not beside the others here. Forms: 500, { weights }, { count, weights }.'],
  ],
  ['a count without weights', 'callers: { count: 3 }', ['w.yaml:4: callers.weights is missing.']],
  [
    'lives the wrong way round',
    'connections: { operations: [2, 1] }',
    ['w.yaml:4: connections.operations: the larger one comes first.'],
  ],
];

test.each(SEVERAL_FORMS)('%s', (_, lines, messages) => {
  const others = lines.startsWith('arrivals') ? SOUND.replace(/^arrivals.*$/m, '#') : SOUND;
  expect(problemsOf(others + lines)).toEqual(messages);
});

test.each(ONE_PROBLEM)('%s', (_, lines, message) => {
  expect(problemsOf(SOUND + lines)).toEqual([message]);
});

const ARRIVALS: [string, string, string[]][] = [
  [
    'no rate',
    'arrivals: { process: constant }',
    [
      "w.yaml:3: arrivals: the rate is missing. Say how fast operations fall due: 'arrivals: { rate: 100/s }'.",
    ],
  ],
  [
    'a rate without time',
    'arrivals: { rate: 100 }',
    ['w.yaml:3: arrivals.rate: expected a rate from 1/h to 10M/s, got 100. Write 100/s or 100/m.'],
  ],
  [
    'users in an open loop',
    'arrivals: { concurrency: 4 }',
    [
      "w.yaml:3: arrivals.concurrency: an open loop has no concurrency. Write 'loop: closed', or give a rate instead.",
    ],
  ],
  [
    'a closed loop without users',
    'arrivals: { loop: closed }',
    [
      "w.yaml:3: arrivals.loop: the concurrency is missing. Say how many users there are: 'arrivals: { loop: closed, concurrency: 8 }'.",
    ],
  ],
  [
    'a closed loop with a rate and a process',
    'arrivals: { loop: closed, concurrency: 4, rate: 5/s, process: poisson }',
    [
      "w.yaml:3: arrivals.rate: a closed loop has no rate: each user waits for its answer. Remove it, or use 'loop: open'.",
      'w.yaml:3: arrivals.process: a closed loop has no arrival process. Remove it.',
    ],
  ],
  [
    'more users than operations in flight',
    'arrivals: { loop: closed, concurrency: 20k }',
    [
      "w.yaml:3: arrivals.concurrency: 20000 users can't work with at most 10000 operations in flight. Raise 'connections.maxInFlight'.",
    ],
  ],
  [
    'nothing',
    '',
    [
      "w.yaml: arrivals.rate: the rate is missing. Say how fast operations fall due: 'arrivals: { rate: 100/s }'.",
    ],
  ],
];

test.each(ARRIVALS)('arrivals: %s', (_, line, messages) => {
  expect(problemsOf(`name: x\nphases: [ { for: 5s } ]\n${line}\n`)).toEqual(messages);
});

describe('phases', () => {
  const withPhases = (lines: string) => problemsOf(`name: x\narrivals: { rate: 9/s }\n${lines}`);

  test('none at all', () => {
    expect(withPhases('')).toEqual([
      "w.yaml: phases: there is no measured phase. Add one: 'phases: [ { name: steady, for: 15s } ]'.",
    ]);
  });

  test('none measured', () => {
    expect(withPhases('phases: [ { for: 5s, measured: false } ]')).toEqual([
      "w.yaml:3: phases: there is no measured phase. Add one: 'phases: [ { name: steady, for: 15s } ]'.",
    ]);
  });

  test('an unmeasured one after a measured one', () => {
    expect(withPhases('phases:\n  - { for: 5s }\n  - { name: rest, for: 5s, measured: false }')).toEqual([
      "w.yaml:3: phases: 'rest' is not measured and follows a measured phase. Put phases with 'measured: false' first.",
    ]);
  });

  test('each with its own line', () => {
    expect(withPhases('phases:\n  - { for: 5 }\n  - { fo: 5s }\n  - nonsense')).toEqual([
      'w.yaml:4: phases[0].for: expected a duration from 1ms to 7d, got 5. Write 5s or 5m.',
      "w.yaml:5: phases[1].fo: unknown field. Did you mean 'for'?",
      'w.yaml:6: phases[2]: expected a map of fields, got "nonsense".',
    ]);
  });
});

test('everything at once, in the order of the file', () => {
  const text = `name: x
driver: autocanon
connections: { mode: frsh, timeout: 5 }
arrivals: { rate: 100/s }
phases: [ { for: 1s, measured: false } ]
arms:
  a: { kms: http://localhost:1 }
  b: { table: { items: many } }
compare: { base: c }
`;
  expect(problemsOf(text)).toEqual([
    'w.yaml:2: driver: expected http, envelope, sdk, autocannon, noop or the path of a module (./my-driver.ts), got "autocanon". Did you mean \'autocannon\'?',
    'w.yaml:3: connections.mode: expected keep-alive, resumed or fresh, got "frsh". Did you mean \'fresh\'?',
    'w.yaml:3: connections.timeout: expected a duration from 1ms to 10m, got 5. Write 5s or 5m.',
    "w.yaml:5: phases: there is no measured phase. Add one: 'phases: [ { name: steady, for: 15s } ]'.",
    "w.yaml:7: arms.a.kms: the embedded system has a KMS of its own. Remove it (its settings are under 'system.kms'), or name a target.",
    'w.yaml:8: arms.b.table.items: expected a whole number from 1 to 1G, got "many". Write 500 or 10k.',
    "w.yaml:9: compare.base: there is no arm 'c'. Arms: a, b.",
  ]);
});

test('a problem of the base is told once, whatever the number of arms', () => {
  expect(problemsOf(`${SOUND}operations: { put: 0 }\narms: { a: {}, b: {}, c: {} }\n`)).toHaveLength(1);
});

test('a flood of problems is cut off', () => {
  const unknown = Array.from({ length: 100 }, (_, i) => `field-number-${i}: 1`).join('\n');
  const problems = problemsOf(`${SOUND}${unknown}\n`);
  expect(problems).toHaveLength(26);
  expect(problems.at(-1)).toBe('… and 75 more problems.');
});

test('a password in a URL is refused and not repeated', () => {
  for (const target of [
    'http://user:hunter2@host',
    'htp://user:hunter2@host',
    'http://user:hunter2@host/path',
  ]) {
    const message = problemsOf(`${SOUND}target: ${target}\n`).join('\n');
    expect(message).toContain('w.yaml:4: target:');
    expect(message).not.toContain('hunter2');
  }
});

test('control characters and long values do not reach the terminal', () => {
  const [message] = problemsOf(`${SOUND}driver: "\\e[31m${'x'.repeat(500)}"\n`);
  expect(message).toMatch(/got "\\u001b\[31mx{50,60}…"\.$/);
});
