#!/usr/bin/env node
// The launcher. In a checkout it runs src/cli.ts with the Node that package.json pins; in the installed package it
// runs dist/cli.js with the Node it was started with. It keeps to syntax that Node 12 reads, so that an old host
// gets a sentence and not a stack trace.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const EXIT_INPUT = 2;
// A Ctrl-C under npx arrives twice: from the terminal, and from npm, which passes its own on.
const SAME_SIGNAL_MS = 500;

const source = new URL('../src/cli.ts', import.meta.url);
const compiled = new URL('../dist/cli.js', import.meta.url);
const pinnedNode = new URL('../node_modules/node/bin/node', import.meta.url);

if (existsSync(source)) launchCheckout();
else launchPackage();

function launchCheckout() {
  if (!existsSync(pinnedNode)) {
    fail(
      `the pinned Node is not installed in ${fileURLToPath(new URL('..', import.meta.url))}. Run 'npm ci' there.`,
    );
  } else if (realpathSync(pinnedNode) === realpathSync(process.execPath)) {
    import(source.href);
  } else {
    runPinned();
  }
}

function launchPackage() {
  const engines = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).engines;
  const needed = /\d+\.\d+\.\d+/.exec(engines.node)[0];
  if (isOlder(process.versions.node, needed)) {
    fail(
      `this is Node ${process.versions.node}; sealbench needs Node ${needed} or newer. ` +
        `Install one from https://nodejs.org and run it with that.`,
    );
  } else if (!existsSync(compiled)) {
    fail(`${fileURLToPath(compiled)} is missing from the package. Install it again: npm install sealbench`);
  } else {
    import(compiled.href);
  }
}

/**
 * The child gets a process group of its own: what reaches it is what is passed on here, once, and never a second
 * Ctrl-C that cuts a clean stop short. The channel tells it when this process dies without passing anything on.
 */
function runPinned() {
  const entry = fileURLToPath(new URL('./pinned.js', import.meta.url));
  const child = spawn(fileURLToPath(pinnedNode), [entry].concat(process.argv.slice(2)), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    detached: true,
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const passedOn_ms = {};
  for (const signal of signals) {
    process.on(signal, () => {
      const now_ms = Date.now();
      if (now_ms - (passedOn_ms[signal] || 0) < SAME_SIGNAL_MS) return;
      passedOn_ms[signal] = now_ms;
      child.kill(signal);
    });
  }
  child.on('error', (error) => fail(`cannot run the pinned Node: ${error.message}. Run 'npm ci' again.`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

function isOlder(version, needed) {
  const have = version.split('.').map(Number);
  const want = needed.split('.').map(Number);
  const index = have.findIndex((part, i) => part !== want[i]);
  return index !== -1 && have[index] < want[index];
}

function fail(message) {
  process.stderr.write(`sealbench: ${message}\n`);
  process.exitCode = EXIT_INPUT;
}
