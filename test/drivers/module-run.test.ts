/** A run with a module that goes wrong where nobody waits for it. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { folder, sealbench } from '../acceptance/cli.ts';
import { moduleOf } from './module-fixtures.ts';

it('ends with the line in the module, and not as a defect of sealbench', async () => {
  const path = moduleOf(
    'export default () => ({\n  perform() {\n    setTimeout(() => {\n      throw new Error("too late");\n    }, 1);\n  },\n});\n',
  );
  const workload = join(dirname(path), 'own.yaml');
  writeFileSync(
    workload,
    'name: own\ndriver: ./driver.mjs\ntable: { items: 5 }\narrivals: { rate: 50/s }\nphases: [ { for: 1s } ]\ncompare: { blocks: 2 }\n',
  );
  const { code, stdout, stderr } = await sealbench([
    'run',
    workload,
    '--quiet',
    '--out',
    join(folder, 'own'),
  ]);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toBe(
    `sealbench: ${path}:4: uncaught: too late. docs/DRIVERS.md says what a module has to look like; 'http' and others need none.\n`,
  );
});
