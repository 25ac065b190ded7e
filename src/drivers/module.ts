import type { PlannedOperation } from '../plan/plan.ts';
import type { ConnectionCounters } from '../recording/recording.ts';
import type { OwnDriver } from './contract.ts';
import {
  checkDriver,
  checkReturned,
  loadDriverModule,
  messageOf,
  moduleError,
  ownCounters,
  ownSample,
} from './module-load.ts';
import type { Driver, DriverOptions, LocalStore, Outcome, Probe } from './types.ts';

/** A module that keeps to the time-out itself is heard first: it knows what to close. */
const GRACE_MS = 50;
/** For what happens once, before and after measuring. */
const OPEN_WITHIN_MS = 60_000;
const CLOSE_WITHIN_MS = 5_000;
/** What can stand in a report. */
const CODE = /^[\x21-\x7e][\x20-\x7e]{0,99}$/;

type End = (outcome: Outcome) => void;

/**
 * A user's own module between us and what may be wrong with it: what it throws is a failure or a message, what it
 * returns is checked, and what it leaves unanswered ends when its time is over.
 */
export class ModuleDriver implements Driver {
  readonly pools: boolean;
  readonly measures: Driver['measures'];
  readonly local: LocalStore | undefined;
  readonly #path: string;
  readonly #patience_ms: number;
  readonly #driver: OwnDriver;
  readonly #underWay = new Set<End>();
  #abandoned = 0;

  private constructor({ arm }: DriverOptions, driver: OwnDriver) {
    this.#path = arm.module!;
    this.#patience_ms = arm.connections.timeout_ms + GRACE_MS;
    this.#driver = driver;
    this.pools = driver.pools ?? false;
    this.measures = driver.measures;
    this.local = driver.local && this.#localStore(driver.local);
  }

  /** @throws InputError E_DRIVER */
  static async create(options: DriverOptions): Promise<ModuleDriver> {
    const path = options.arm.module!;
    const make = await loadDriverModule(path);
    // A copy: what a module does to its options is no business of the lane's.
    const made = await guarded(path, 'making its driver', () => make(structuredClone(options)));
    return new ModuleDriver(options, checkDriver(path, made));
  }

  async open(): Promise<void> {
    await guarded(this.#path, 'open()', () => this.#driver.open?.());
  }

  perform(operation: PlannedOperation, probe?: Probe): Promise<Outcome> | Outcome {
    try {
      const outcome: unknown = this.#driver.perform(operation, probe);
      return isThenable(outcome) ? this.#ended(outcome, probe) : outcomeOf(outcome, probe);
    } catch (error) {
      return codeOf(error);
    }
  }

  abandon(): void {
    try {
      this.#driver.abandon?.();
    } catch {
      // What it was to give up has failed in any case.
    }
    for (const end of this.#underWay) this.#giveUp(end, 'Closed');
  }

  takeCounters(): ConnectionCounters | null {
    const { takeCounters } = this.#driver;
    if (!takeCounters) return null;
    const abandoned = this.#abandoned;
    this.#abandoned = 0;
    const counted = checkReturned(this.#path, 'takeCounters()', ownCounters, () =>
      takeCounters.call(this.#driver),
    );
    // Whoever counts what it gives up itself counts these, too.
    return { ...counted, abandoned: Math.max(counted.abandoned, abandoned) };
  }

  async close(): Promise<void> {
    // All that was measured is there: a driver that won't close is left behind.
    await within(CLOSE_WITHIN_MS, async () => this.#driver.close?.()).catch(() => {});
  }

  /** Settles with the promise, or when its time is over; never rejects. */
  #ended(outcome: PromiseLike<unknown>, probe: Probe | undefined): Promise<Outcome> {
    return new Promise((resolve) => {
      const end: End = (ended) => {
        if (!this.#underWay.delete(end)) return;
        clearTimeout(timer);
        resolve(ended);
      };
      const timer = setTimeout(() => this.#giveUp(end, 'Timeout'), this.#patience_ms);
      this.#underWay.add(end);
      Promise.resolve(outcome).then(
        (ended) => end(outcomeOf(ended, probe)),
        (error) => end(codeOf(error)),
      );
    });
  }

  #giveUp(end: End, code: string): void {
    this.#abandoned++;
    end(code);
  }

  #localStore(local: NonNullable<OwnDriver['local']>): LocalStore {
    return {
      sample: () => checkReturned(this.#path, 'local.sample()', ownSample, () => local.sample()),
      kmsTimes: () => null,
      pause: () => local.pause?.(),
      resume: () => local.resume?.(),
    };
  }
}

async function guarded<Value>(
  path: string,
  what: string,
  action: () => Promise<Value> | Value,
): Promise<Value> {
  try {
    return await within(OPEN_WITHIN_MS, async () => action());
  } catch (error) {
    throw moduleError(path, `${what} failed: ${messageOf(error)}`, error);
  }
}

async function within<Value>(limit_ms: number, action: () => Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${limit_ms / 1000} s`)), limit_ms);
  });
  try {
    return await Promise.race([action(), late]);
  } finally {
    clearTimeout(timer);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined | null)?.then === 'function';
}

function outcomeOf(value: unknown, probe: Probe | undefined): Outcome {
  if (probe && !Object.values(probe).every((part_ns) => Number.isFinite(part_ns) && part_ns >= 0))
    return 'InvalidProbe';
  return value === undefined || (typeof value === 'string' && CODE.test(value)) ? value : 'InvalidOutcome';
}

function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  const named = [code, name].find((text) => typeof text === 'string' && CODE.test(text));
  return (named as string | undefined) ?? 'Error';
}
