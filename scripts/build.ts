/** Compiles src/ into dist/, which is what the package ships, with the types that a user's own driver is written against. */
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

rmSync(`${root}/dist`, { recursive: true, force: true });
compile('tsconfig.build.json');
compile('tsconfig.contract.json');

function compile(project: string): void {
  const command = ['node_modules/typescript/bin/tsc', '--project', project];
  const compiler = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
  if (compiler.error) throw compiler.error;
  process.exitCode ||= compiler.status ?? 1;
}
