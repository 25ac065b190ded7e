import { expect, test } from 'vitest';
import { parseWorkload } from '../../src/workload/workload.ts';
import { problemsOf } from './problems.ts';

const HEAD = 'name: w\narrivals: { rate: 100/s }\nphases: [{ for: 10s }]\n';

/** What is wrong → the lines from the fourth on → the whole message. */
const PROBLEMS: [string, string, string][] = [
  [
    'no Region',
    'system: { replicas: [nowhere] }',
    'w.yaml:4: system.replicas[0]: expected an AWS Region such as eu-west-1, got "nowhere".',
  ],
  [
    'the table’s own Region',
    'system:\n  kms: { region: eu-west-1 }\n  replicas: [ap-southeast-1, eu-west-1]',
    'w.yaml:6: system.replicas[1]: eu-west-1 is the Region of the table itself. Name another one.',
  ],
  [
    'a Region twice',
    'system:\n  replicas:\n    - eu-west-1\n    - eu-west-1',
    'w.yaml:7: system.replicas[1]: eu-west-1 is there already. Name each Region once.',
  ],
  [
    'a table without encryption',
    'system: { replicas: [eu-west-1] }\ntable: { encryption: none }',
    "w.yaml:4: system.replicas: a table without encryption, for comparison only, has no replicas. Remove it, or choose another 'table.encryption'.",
  ],
  [
    'no store process',
    'driver: envelope\nsystem: { replicas: [eu-west-1] }',
    "w.yaml:5: system.replicas: driver 'envelope' has no store process that could replicate tables. Remove it, or use 'driver: http'.",
  ],
  [
    'an endpoint',
    'target: http://127.0.0.1:1\ntable: { encryption: aws-owned }\nsystem: { replicas: [eu-west-1] }',
    "w.yaml:6: system: has no effect on http://127.0.0.1:1, which runs by its own settings. Remove it, or use 'target: embedded'.",
  ],
];

test.each(PROBLEMS)('%s is told with its line', (_, text, message) => {
  expect(problemsOf(`${HEAD}${text}\n`)).toEqual([message]);
});

test('an arm’s Regions replace the base’s; there are none by default', () => {
  const { arms } = parseWorkload(
    `${HEAD}arms:\n  alone: {}\n  two: { system: { replicas: [eu-west-1, ap-southeast-1] } }\n`,
    'w.yaml',
  );
  expect(arms.map(({ system }) => system.replicas)).toEqual([[], ['eu-west-1', 'ap-southeast-1']]);
});
