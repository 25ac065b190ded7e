import { expect, test } from 'vitest';
import { parseWorkload } from '../../src/workload/workload.ts';
import { problemsOf } from './problems.ts';

const OPEN = 'arrivals: { rate: 100/s }';
const CLOSED = 'arrivals: { loop: closed, concurrency: 4 }';
const phases = (...list: string[]) => `phases:\n${list.map((phase) => `  - ${phase}`).join('\n')}`;

/** What is wrong → the lines from the second on → the whole message. The first phase is in line 4. */
const PROBLEMS: [string, string, string][] = [
  [
    'a phase without a length',
    `${OPEN}\n${phases('{ for: 5s }', '{ name: rest }')}`,
    "w.yaml:5: phases[1]: how long it lasts is missing. Give a time or a number of operations: 'for: 15s', or 'count: 10k'.",
  ],
  [
    'a phase with two lengths',
    `${OPEN}\n${phases('{ for: 5s, count: 500 }')}`,
    "w.yaml:4: phases[0].count: 'for' says already how long the phase lasts. Keep one of the two.",
  ],
  [
    'a rate in some phases only',
    `arrivals: { process: constant }\n${phases('{ for: 5s, rate: 10/s }', '{ for: 5s }')}`,
    "w.yaml:2: arrivals: the rate is missing. Say how fast operations fall due: 'arrivals: { rate: 100/s }'.",
  ],
  [
    'a rate in a phase of a closed loop',
    `${CLOSED}\n${phases('{ for: 5s }', '{ for: 5s, rate: 10/s }')}`,
    "w.yaml:5: phases[1].rate: a closed loop has no rate: each user waits for its answer. Remove it, or use 'loop: open'.",
  ],
  [
    'a count at a rate that changes',
    `arrivals: { rate: { from: 1/s, to: 100/s } }\n${phases('{ for: 5s }', '{ count: 500 }')}`,
    "w.yaml:5: phases[1].count: a rate that changes needs a time to change over. Use 'for', or give the phase a constant rate: 'rate: 100/s'.",
  ],
  [
    'a spike that outlasts its phase',
    `${OPEN}\n${phases('{ for: 5s }', '{ for: 5s, rate: { base: 1/s, spike: 9/s, at: 4s, for: 2s } }')}`,
    "w.yaml:5: phases[1].rate: the spike ends 6 s into a phase of 5 s. Lower 'at' or 'for' of the spike, or lengthen the phase.",
  ],
  [
    'a spike of all phases that outlasts one of them',
    `arrivals: { rate: { base: 1/s, spike: 9/s, at: 4s, for: 2s } }\n${phases('{ for: 6s }', '{ for: 5s }')}`,
    "w.yaml:5: phases[1]: the spike ends 6 s into a phase of 5 s. Lower 'at' or 'for' of the spike, or lengthen the phase.",
  ],
  [
    'measured phases by time and by count in a closed loop',
    `${CLOSED}\n${phases('{ for: 5s }', '{ count: 500 }')}`,
    "w.yaml:3: phases: some of a closed loop's measured phases go by time and some by count, and can't be cut into equal blocks. Give all of them 'for', or all of them 'count'.",
  ],
  [
    'thinking in an open loop',
    `arrivals: { rate: 5/s, think: 1s }\n${phases('{ for: 5s }')}`,
    "w.yaml:2: arrivals.think: in an open loop nobody waits for answers, or thinks after them. Remove it, or use 'loop: closed'.",
  ],
  [
    'more blocks than operations',
    `${CLOSED}\n${phases('{ count: 5 }')}`,
    "w.yaml: compare.blocks: 5 operations measured in 10 blocks leave some without any (arm 'default'). Use fewer blocks or longer phases.",
  ],
  [
    'a count that is over in no time',
    `${OPEN}\n${phases('{ count: 50 }')}`,
    "w.yaml: compare.blocks: 500 ms measured in 10 blocks make turns shorter than 100 ms (arm 'default'). Use fewer blocks or longer phases.",
  ],
];

test.each(PROBLEMS)('%s', (_, lines, message) => {
  expect(problemsOf(`name: x\n${lines}\n`)).toEqual([message]);
});

test.each([
  ['a rate in every phase', `arrivals: { process: constant }\n${phases('{ for: 5s, rate: 10/s }')}`],
  ['rates and no arrivals', phases('{ for: 5s, rate: 10/s }')],
  [
    'warm-up by time, measured by count',
    `${CLOSED}\n${phases('{ for: 1s, measured: false }', '{ count: 500 }')}`,
  ],
  ['time and count in an open loop', `${OPEN}\n${phases('{ for: 5s }', '{ count: 500 }')}`],
  [
    'a spike to the end',
    `arrivals: { rate: { base: 0/s, spike: 9/s, at: 3s, for: 2s } }\n${phases('{ for: 5s }')}`,
  ],
  [
    'thinking users',
    `arrivals: { loop: closed, concurrency: 4, think: exponential 1s }\n${phases('{ for: 5s }')}`,
  ],
])('nothing is wrong with %s', (_, lines) => {
  expect(problemsOf(`name: x\n${lines}\n`)).toEqual([]);
});

test('a count of an open loop lasts as long as its rate needs, in whole nanoseconds', () => {
  const text = `name: x\narrivals: { rate: 3/s }\n${phases('{ count: 10 }')}\n`;
  const [phase] = parseWorkload(text, 'w.yaml').arms[0]!.phases;
  expect(phase).toMatchObject({ operations: 10, duration_ns: 3_333_333_334 });
});
