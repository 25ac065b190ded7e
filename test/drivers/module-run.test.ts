/** A run with a module that goes wrong where nobody waits for it. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { folder, sealbench } from '../acceptance/cli.ts';
import { moduleOf } from './module-fixtures.ts';

async function runModule(name: string, source: string) {
  const path = moduleOf(source);
  const workload = join(dirname(path), 'own.yaml');
  writeFileSync(
    workload,
    'name: own\ndriver: ./driver.mjs\ntable: { items: 5 }\narrivals: { rate: 50/s }\nphases: [ { for: 1s } ]\ncompare: { blocks: 2 }\n',
  );
  return { path, ...(await sealbench(['run', workload, '--quiet', '--out', join(folder, name)])) };
}

it('ends with the line in the module, and not as a defect of sealbench', async () => {
  const { path, code, stdout, stderr } = await runModule(
    'late',
    'export default () => ({\n  perform() {\n    setTimeout(() => {\n      throw new Error("too late");\n    }, 1);\n  },\n});\n',
  );
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toBe(
    `sealbench: ${path}:4: uncaught: too late. docs/DRIVERS.md says what a module has to look like; 'http' and others need none.\n`,
  );
});

it('is told of a module that ends its thread', async () => {
  const { path, code, stdout, stderr } = await runModule(
    'exit',
    'export default () => ({ perform() { process.exit(3); } });\n',
  );
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toContain(
    `sealbench: ${path}: it ended the thread that it runs in, as an exit of the process does.`,
  );
});
