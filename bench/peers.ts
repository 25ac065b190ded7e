/**
 * `npm run bench:peers`: how fast this is beside others, measured with them in one run. `--quick` shows that it works,
 * `--update-readme` writes what it measured into README.md.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeEnvironment } from '../src/std/environment.ts';
import { measurePeers, QUICK, THOROUGH } from './peers/measure.ts';
import { replaceSection } from './peers/readme.ts';
import { describeMachine, formatFindings } from './peers/table.ts';

const README = new URL('../README.md', import.meta.url);

const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, 'update-readme': { type: 'boolean' } },
});
const findings = await measurePeers(values.quick ? QUICK : THOROUGH);
const table = formatFindings(findings);
const machine = describeMachine(describeEnvironment());
process.stdout.write(`${table}\n\n${machine}\n`);
if (values['update-readme']) {
  writeFileSync(README, replaceSection(readFileSync(README, 'utf8'), `${table}\n\n${machine}`));
}
