/**
 * Runs every command of docs/AT-REST.md, in one shell and in the order of the page, and writes what each printed below
 * it: a block `sh` is run, the block `text` after it is its output. Needs curl, jq and the AWS CLI on PATH.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const page = fileURLToPath(new URL('../docs/AT-REST.md', import.meta.url));
const bin = fileURLToPath(new URL('../bin/sealbench.js', import.meta.url));
const COMMAND = /^```sh\n([\s\S]*?)^```\n(?:\n?```text\n[\s\S]*?^```\n)?/gm;
const END = '--- end of output ---';

const directory = mkdtempSync(join(tmpdir(), 'sealbench-at-rest-'));
const shell = spawn('bash', [], {
  cwd: directory,
  env: {
    ...process.env,
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_PAGER: '',
  },
  stdio: ['pipe', 'pipe', 'inherit'],
  detached: true,
});
shell.stdout.setEncoding('utf8');
const over = once(shell, 'exit').then(() => Promise.reject(new Error('The shell has ended.')));
// The checkout's sealbench, and errors between the lines where a terminal shows them.
shell.stdin.write(`exec 2>&1; npx() { shift; '${process.execPath}' '${bin}' "$@"; }\n`);
process.on('exit', () => {
  process.kill(-shell.pid!);
  rmSync(directory, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const text = readFileSync(page, 'utf8');
const parts: string[] = [];
let end = 0;
for (const match of text.matchAll(COMMAND)) {
  const [block, command] = match;
  const output = await run(command!);
  const printed = output === '' ? '' : `\`\`\`text\n${output}\n\`\`\`\n`;
  parts.push(text.slice(end, match.index), `\`\`\`sh\n${command}\`\`\`\n${printed}`);
  end = match.index + block.length;
}
writeFileSync(page, parts.join('') + text.slice(end));
process.exit();

/** @returns what the command printed, without blank lines at its ends */
async function run(command: string): Promise<string> {
  // From a file, so that no program of it reads the shell's own input.
  writeFileSync(join(directory, 'block.sh'), command);
  let output = '';
  const ended = new Promise<void>((resolve) => {
    const read = (text: string): void => {
      output += text;
      if (!output.endsWith(`${END}\n`)) return;
      shell.stdout.off('data', read);
      resolve();
    };
    shell.stdout.on('data', read);
  });
  shell.stdin.write(`source ./block.sh < /dev/null; echo; echo '${END}'\n`);
  await Promise.race([ended, over]);
  return output.slice(0, -END.length - 1).trim();
}
