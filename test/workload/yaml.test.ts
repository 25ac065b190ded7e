import { describe, expect, test } from 'vitest';
import { problemsOf, SOUND } from './problems.ts';

describe('YAML itself', () => {
  test.each([
    [
      'a field set twice',
      'name: a\ncallers: 1\nname: b\n',
      ['w.yaml:3: this field is already set above. Remove one of the two.'],
    ],
    [
      'an open bracket',
      'name: x\ncallers: [1, 2\n',
      [
        'w.yaml:3: malformed YAML: Flow sequence in block collection must be sufficiently indented and end with a ].',
      ],
    ],
    ['an empty file', '', ['w.yaml: the file is empty. A workload has at least name, arrivals and phases.']],
    [
      'a file of comments',
      '# nothing\n',
      ['w.yaml: the file is empty. A workload has at least name, arrivals and phases.'],
    ],
    ['a list', '- a\n', ["w.yaml:1: expected a map of fields, got a list. Start with 'name: …'."]],
    ['one word', 'word', ["w.yaml:1: expected a map of fields, got one value. Start with 'name: …'."]],
    [
      'a second document',
      'name: a\n---\nname: b\n',
      ['w.yaml:2: a second YAML document begins here. Keep one workload in a file.'],
    ],
    ['an unknown tag', 'name: !secret x\n', ['w.yaml:1: malformed YAML: Unresolved tag: !secret.']],
    [
      'an alias of nothing',
      'name: *x\n',
      ['w.yaml: malformed YAML: Unresolved alias (the anchor must be set before the alias): x.'],
    ],
    [
      'brackets without end',
      `name: ${'['.repeat(5000)}`,
      [expect.stringMatching(/^w\.yaml:1: the YAML is nested too deeply\.$/)],
    ],
    [
      'a huge file',
      `name: ${'x'.repeat(2 ** 18)}`,
      ['w.yaml: the file is larger than 256 KiB. Name a workload file (YAML).'],
    ],
  ])('%s', (_, text, messages) => {
    expect(problemsOf(text)).toEqual(messages);
  });

  test('aliases that unfold into millions', () => {
    const layers = Array.from(
      { length: 9 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(',')}]`,
    );
    expect(problemsOf(`l0: &l0 x\n${layers.join('\n')}\n`)).toEqual([
      'w.yaml: malformed YAML: Excessive alias count indicates a resource exhaustion attack.',
    ]);
  });

  test('an alias inside of what it stands for', () => {
    expect(problemsOf(`${SOUND}keys: &k { popularity: *k }\n`)).toEqual([
      "w.yaml:4: keys.popularity: expected one of 'zipf 0.99', 'uniform', 'latest 0.99', 'hotspot 20% 80%', 'sequential', got a map. Write 'zipf 0.99'.",
    ]);
  });

  test('an anchor used well is no problem', () => {
    expect(problemsOf(`${SOUND}arms: { a: { table: &t { items: 5 } }, b: { table: *t } }\n`)).toEqual([]);
  });
});
