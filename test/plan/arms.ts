import { type Arm, parseWorkload, type Workload } from '../../src/workload/workload.ts';

/** A workload of one minute at 1000/s, with what a test is about added as YAML lines. */
export function workloadOf(lines: string, set: string[] = []): Workload {
  const text = `name: test\n${lines}\n`;
  const assumed = [
    ...(/^arrivals:/m.test(lines) ? [] : ['arrivals={ rate: 1000/s }']),
    ...(/^phases:/m.test(lines) ? [] : ['phases=[ { for: 60s } ]']),
  ];
  return parseWorkload(text, 'test.yaml', { set: [...assumed, ...set] });
}

export function armOf(lines: string): Arm {
  return workloadOf(lines).arms[0]!;
}
