/** The table of what is accepted is true. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const table = readFileSync(join(import.meta.dirname, 'README.md'), 'utf8');
const named = new Set([...table.matchAll(/`(test\/[\w/.-]+\.test\.ts)`/g)].map(([, path]) => path!));

it('names tests that exist', () => {
  expect(named.size).toBeGreaterThan(5);
  expect([...named].filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

it('names every acceptance test but this', () => {
  const here = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.test.ts'));
  const others = here.filter((name) => name !== 'acceptance.test.ts');
  expect(others.filter((name) => !named.has(`test/acceptance/${name}`))).toEqual([]);
});
