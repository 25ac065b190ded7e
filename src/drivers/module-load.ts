import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import * as z from 'zod';
import { BREAKDOWN_PARTS } from '../recording/recording.ts';
import { InputError } from '../std/errors.ts';
import type { Arm } from '../workload/workload.ts';
import type { CreateDriver, OwnDriver } from './contract.ts';

const REMEDY = "docs/DRIVERS.md says what a module has to look like; 'http' and others need none.";

/** What is wrong with a user's module. @param at the line in it, where one is known */
export function moduleError(path: string, what: string, cause?: unknown): InputError {
  const line = lineIn(path, cause);
  const where = line === undefined ? path : `${path}:${line}`;
  return new InputError('E_DRIVER', { what, where, remedy: REMEDY }, { cause });
}

/** @throws InputError E_DRIVER: there is no such file, it can't be loaded, or its default export is no function */
export async function loadDriverModule(path: string): Promise<CreateDriver> {
  let exported: { default?: unknown };
  try {
    exported = await import(/* @vite-ignore */ pathToFileURL(path).href);
  } catch (error) {
    const what = existsSync(path) ? `it can't be loaded: ${messageOf(error)}` : 'there is no such file.';
    throw moduleError(path, what, error);
  }
  if (typeof exported.default === 'function') return exported.default as CreateDriver;
  throw moduleError(path, 'its default export has to be a function that makes a driver.');
}

/** An error that ended a lane, as the fault of the module in which it arose, if it did in one. */
export function faultOfModule(arms: readonly Arm[], error: Error): Error {
  const modules = arms.flatMap(({ module }) => module ?? []);
  const module = modules.find((path) => lineIn(path, error) !== undefined);
  if (module !== undefined) return moduleError(module, `uncaught: ${messageOf(error)}`, error);
  // Nothing of ours ends a lane's thread: the words are Piscina's.
  if (modules[0] === undefined || !error.message.startsWith('worker exited')) return error;
  return moduleError(modules[0], 'it ended the thread that it runs in, as an exit of the process does.');
}

const METHODS = ['open', 'abandon', 'takeCounters', 'close'] as const;

/** @throws InputError E_DRIVER for what is no driver */
export function checkDriver(path: string, made: unknown): OwnDriver {
  const what = faultOf(made);
  if (what !== undefined) throw moduleError(path, what);
  return made as OwnDriver;
}

function faultOf(made: unknown): string | undefined {
  if (typeof made !== 'object' || made === null) return `it made ${nameOf(made)} in place of a driver.`;
  const { perform, pools, local, measures, ...others } = readable(made);
  if (typeof perform !== 'function')
    return `its driver has ${nameOf(perform)} for perform(), not a function.`;
  for (const name of METHODS) {
    if (others[name] !== undefined && typeof others[name] !== 'function')
      return `its driver has ${nameOf(others[name])} for ${name}(), not a function.`;
  }
  if (pools !== undefined && typeof pools !== 'boolean')
    return `its driver's 'pools' is ${nameOf(pools)}, not true or false.`;
  if (measures !== undefined && !areParts(measures))
    return `its driver's 'measures' is not a list of ${BREAKDOWN_PARTS.join(', ')}.`;
  if (local !== undefined && typeof (local as { sample?: unknown } | null)?.sample !== 'function')
    return "its driver's 'local' has no sample().";
  return undefined;
}

function areParts(measures: unknown): boolean {
  const parts: readonly unknown[] = BREAKDOWN_PARTS;
  return Array.isArray(measures) && measures.every((part) => parts.includes(part));
}

/** Methods of a class are on its prototype. */
function readable(made: object): Record<string, unknown> {
  const driver = made as Record<string, unknown>;
  const names = ['perform', 'pools', 'local', 'measures', ...METHODS];
  return Object.fromEntries(names.map((name) => [name, driver[name]]));
}

const count = z.number().int().nonnegative();
const perOperation = z.record(z.string(), count).default({});

export const ownCounters = z.strictObject({
  opened: count.default(0),
  tls_full: count.default(0),
  tls_resumed: count.default(0),
  requests: count.default(0),
  transport_errors: count.default(0),
  abandoned: count.default(0),
});

export const ownSample = z.strictObject({
  cache: z.strictObject({
    lookups: count,
    hits: count,
    misses: count,
    coalesced: count,
    duplicates: count.default(0),
    refreshes: count.default(0),
    expired: count,
    evicted: count,
  }),
  ownDecrypts: count.default(0),
  kmsAttempts: perOperation,
  kmsRetries: perOperation,
});

/** What a user's method returns, held against what it should be. @throws InputError E_DRIVER */
export function checkReturned<Value>(
  path: string,
  method: string,
  schema: z.ZodType<Value>,
  call: () => unknown,
): Value {
  let returned: unknown;
  try {
    returned = call();
  } catch (error) {
    throw moduleError(path, `${method} failed: ${messageOf(error)}`, error);
  }
  const checked = schema.safeParse(returned);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  const field = issue!.path.length > 0 ? ` in '${issue!.path.join('.')}'` : '';
  throw moduleError(path, `${method} returned no counters${field}: ${issue!.message}.`);
}

export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const [line] = text.split('\n');
  return /[.!?]$/.test(line!) ? line! : `${line}.`;
}

/** Where in the module an error arose. */
function lineIn(path: string, error: unknown): string | undefined {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  for (const name of [pathToFileURL(path).href, path]) {
    const at = stack.indexOf(`${name}:`);
    const line = at < 0 ? null : /^\d+/.exec(stack.slice(at + name.length + 1));
    if (line) return line[0];
  }
  return undefined;
}

function nameOf(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
