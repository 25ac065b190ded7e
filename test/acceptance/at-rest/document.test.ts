/** docs/AT-REST.md and the tests beside this one make the same statements, under the same numbers. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('docs/AT-REST.md has every statement that is tested, in the order of their numbers, and no other', () => {
  const page = readFileSync(new URL('../../../docs/AT-REST.md', import.meta.url), 'utf8');
  const stated = [...page.matchAll(/^### (\d+\. .*)$/gm)].map(([, statement]) => statement!);
  const tested = readdirSync(import.meta.dirname)
    .filter((name) => name.endsWith('.test.ts'))
    .flatMap((name) => [
      ...readFileSync(`${import.meta.dirname}/${name}`, 'utf8').matchAll(/\bit\((['"])(\d+\. .*?)\1,/g),
    ])
    .map(([, , statement]) => statement!)
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  expect(stated).toEqual(tested);
  expect(stated.map((statement) => Number.parseInt(statement, 10))).toEqual(
    stated.map((_, index) => index + 1),
  );
});

it('every statement of docs/AT-REST.md has commands, and what they printed', () => {
  const page = readFileSync(new URL('../../../docs/AT-REST.md', import.meta.url), 'utf8');
  for (const section of page.split(/^### /m).slice(1)) {
    expect(section).toMatch(/^```sh\n[\s\S]+?^```\n(\n?)```text\n[\s\S]+?^```$/m);
  }
});
