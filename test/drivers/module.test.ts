/** A user's own module: what may be wrong with it, before the load and in it. */
import { describe, expect, it } from 'vitest';
import {
  type ArmTarget,
  checkDriverModules,
  createDriver,
  createProbe,
  type Driver,
  NOTHING_FOUND,
} from '../../src/drivers/drivers.ts';
import { InputError } from '../../src/std/errors.ts';
import type { Arm } from '../../src/workload/workload.ts';
import { armOf, driverFor, operation } from './beds.ts';
import { driverOf, moduleOf } from './module-fixtures.ts';

const TARGET: ArmTarget = { url: 'http://127.0.0.1:1', region: 'us-east-1', tables: ['items'], callers: [] };

function armWith(path: string, timeout = '10s'): Arm {
  return armOf(`driver: ${path}\nconnections: { timeout: ${timeout} }`);
}

function made(path: string, timeout?: string): Promise<Driver> {
  return driverFor(armWith(path, timeout), TARGET);
}

/** The message of the InputError that comes of it. */
async function complaint(action: Promise<unknown>): Promise<string> {
  const error = await action.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InputError);
  expect((error as InputError).code).toBe('E_DRIVER');
  expect((error as InputError).message).toContain('docs/DRIVERS.md');
  return (error as InputError).message;
}

describe('before the load', () => {
  it.each([
    ['is not there', () => '/nowhere/driver.mjs', /^\/nowhere\/driver\.mjs: there is no such file/],
    ['throws', () => moduleOf('\nthrow new Error("no licence");\n'), /driver\.mjs:2: .*no licence/],
    ['imports what is not there', () => moduleOf("import 'no-such-package';\n"), /no-such-package/],
    [
      'has no default export',
      () => moduleOf('export const perform = 1;\n'),
      /default export has to be a fun/,
    ],
    ['exports a driver, not what makes one', () => moduleOf('export default { perform() {} };\n'), /default/],
  ])('a module that %s is refused', async (_, path, expected) => {
    expect(await complaint(checkDriverModules([armWith(path())]))).toMatch(expected);
  });

  it('passes over arms without a module', async () => {
    await checkDriverModules([armOf('driver: noop')]);
  });

  it.each([
    ['makes nothing', 'export default () => {};', /it made nothing in place of a driver/],
    ['fails to make one', 'export default async () => { throw new Error("no key") };', /failed: no key\./],
    ['lacks perform', 'export default () => ({ open() {} });', /nothing for perform\(\)/],
    ['has something else for perform', 'export default () => ({ perform: 1 });', /a number for perform\(\)/],
    [
      'has something else for close',
      'export default () => ({ perform() {}, close: {} });',
      /object for close/,
    ],
    ['says something else of pools', 'export default () => ({ perform() {}, pools: 1 });', /'pools'/],
    ['measures something else', 'export default () => ({ perform() {}, measures: ["luck"] });', /'measures'/],
    ['has no sample', 'export default () => ({ perform() {}, local: {} });', /no sample\(\)/],
  ])('a module that %s is refused', async (_, text, expected) => {
    const arm = armWith(moduleOf(text));
    expect(await complaint(createDriver({ arm, target: TARGET, seed: 1, callers: [0] }))).toMatch(expected);
  });

  it('what open throws ends the run, with its line', async () => {
    const driver = await made(
      moduleOf('export default () => ({\n perform() {},\n open() { throw new Error("no!"); } });'),
    );
    expect(await complaint(driver.open())).toMatch(/driver\.mjs:3: open\(\) failed: no!/);
  });

  it('hands out options that are its own', async () => {
    const arm = armWith(
      moduleOf(
        'export default (options) => { options.arm.callers = 99; return { perform: () => options.seed === 1 ? undefined : "E" } };',
      ),
    );
    const driver = await driverFor(arm, TARGET);
    expect(arm.callers).toBe(2);
    expect(driver.perform(operation('get'))).toBeUndefined();
  });
});

describe('in the load', () => {
  it.each([
    ['undefined', 'undefined', undefined],
    ['a code', '"Throttled"', 'Throttled'],
    ['that it found nothing', `"${NOTHING_FOUND}"`, NOTHING_FOUND],
    ['an object', '({ ok: true })', 'InvalidOutcome'],
    ['null', 'null', 'InvalidOutcome'],
    ['no text', '""', 'InvalidOutcome'],
    ['a page', '"x".repeat(101)', 'InvalidOutcome'],
    ['lines', '"a\\nb"', 'InvalidOutcome'],
  ])('an operation that returns %s', async (_, value, expected) => {
    for (const members of [`perform: () => ${value}`, `perform: async () => ${value}`]) {
      const driver = await made(driverOf(members));
      expect(await driver.perform(operation('get'))).toBe(expected);
    }
  });

  it.each([
    ['an error', 'new TypeError("x")', 'TypeError'],
    ['an error with a code', 'Object.assign(new Error("x"), { code: "ECONNRESET" })', 'ECONNRESET'],
    ['an error with a number', 'Object.assign(new RangeError("x"), { code: 7 })', 'RangeError'],
    ['text', '"x"', 'Error'],
    ['undefined', 'undefined', 'Error'],
  ])('an operation that throws %s fails', async (_, value, expected) => {
    for (const members of [`perform() { throw ${value}; }`, `perform: () => Promise.reject(${value})`]) {
      const driver = await made(driverOf(members));
      expect(await driver.perform(operation('get'))).toBe(expected);
    }
  });

  it('an operation without an end fails when its time is over, and counts as abandoned', async () => {
    const driver = await made(
      driverOf('perform: () => new Promise(() => {}), takeCounters: () => ({ requests: 1 })'),
      '5ms',
    );
    expect(await driver.perform(operation('get'))).toBe('Timeout');
    expect(driver.takeCounters()).toMatchObject({ requests: 1, opened: 0, abandoned: 1 });
    expect(driver.takeCounters()).toMatchObject({ abandoned: 0 });
  });

  it('what is in flight settles when it is abandoned, whatever the module makes of that', async () => {
    for (const abandon of ['', 'abandon() { throw new Error("no"); },']) {
      const driver = await made(
        driverOf(`${abandon} perform: () => new Promise(() => {}), takeCounters: () => ({})`),
      );
      const outcome = driver.perform(operation('get'));
      driver.abandon();
      expect(await outcome).toBe('Closed');
      expect(driver.takeCounters()).toMatchObject({ abandoned: 1 });
    }
  });

  it('counts what a module counts among what it gave up once', async () => {
    const driver = await made(
      driverOf('perform: () => new Promise(() => {}), takeCounters: () => ({ abandoned: 3 })'),
    );
    void driver.perform(operation('get'));
    driver.abandon();
    expect(driver.takeCounters()).toMatchObject({ abandoned: 3 });
  });

  it('a module that does not count has no counters', async () => {
    expect((await made(driverOf('perform() {}'))).takeCounters()).toBeNull();
  });

  it.each([
    ['nothing', 'undefined'],
    ['less than nothing', '({ requests: -1 })'],
    ['half a request', '({ requests: 0.5 })'],
    ['no number', '({ requests: NaN })'],
    ['something else', '({ misses: 1 })'],
  ])('counters that are %s end the run', async (_, value) => {
    const driver = await made(driverOf(`perform() {}, takeCounters: () => ${value}`));
    const taking = async () => driver.takeCounters();
    expect(await complaint(taking())).toMatch(/takeCounters\(\) returned no counters/);
  });

  it('a sample is checked, too', async () => {
    const cache = '{ lookups: 1, hits: 1, misses: 0, coalesced: 0, expired: 0, evicted: 0 }';
    const good = await made(driverOf(`perform() {}, local: { sample: () => ({ cache: ${cache} }) }`));
    expect(good.local!.sample()).toMatchObject({ cache: { hits: 1 }, kmsAttempts: {}, kmsRetries: {} });
    expect(good.local!.kmsTimes()).toBeNull();
    const bad = await made(driverOf('perform() {}, local: { sample: () => ({ cache: { hits: 1 } }) }'));
    const sampling = async () => bad.local!.sample();
    expect(await complaint(sampling())).toMatch(/local\.sample\(\) returned no counters in 'cache\./);
  });

  it('hands out probes, and takes them back when there are numbers in them', async () => {
    const driver = await made(
      driverOf('measures: ["wire"], perform: ({ key }, probe) => { probe.wire_ns += key === 3 ? 5 : NaN; }'),
    );
    expect(driver.measures).toEqual(['wire']);
    const probe = createProbe();
    expect(driver.perform(operation('get', { key: 3 }), probe)).toBeUndefined();
    expect(probe.wire_ns).toBe(5);
    expect(driver.perform(operation('get', { key: 4 }), probe)).toBe('InvalidProbe');
  });

  it('says whether it pools', async () => {
    expect((await made(driverOf('perform() {}'))).pools).toBe(false);
    expect((await made(driverOf('perform() {}, pools: true'))).pools).toBe(true);
  });

  it('closes though the module fails to', async () => {
    await (await made(driverOf('perform() {}, close() { throw new Error("no"); }'))).close();
  });
});
