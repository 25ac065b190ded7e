/** What every driver does alike. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTHING_FOUND } from '../../src/drivers/drivers.ts';
import type { ConnectionCounters } from '../../src/recording/recording.ts';
import { OPERATION_KINDS } from '../../src/workload/workload.ts';
import { type Bed, driverFor, oneEach, openBed, operation } from './beds.ts';

export interface Expectation {
  /** Lines of the workload that choose the driver. */
  settings: string;
  /** Counted by `open`. */
  opening: Partial<ConnectionCounters>;
  /** Counted for an operation on every connection, twice. */
  working: Partial<ConnectionCounters>;
  /** What an operation on a table that does not exist fails with. */
  failure: string | undefined;
  /** Whether its target has items and answers; true unless given. */
  answers?: boolean;
  /** Whether the target counts requests. */
  counted: boolean;
}

const NOTHING: ConnectionCounters = {
  opened: 0,
  tls_full: 0,
  tls_resumed: 0,
  requests: 0,
  transport_errors: 0,
  abandoned: 0,
};

export function testDriver(
  name: string,
  { settings, opening, working, failure, answers = true, counted }: Expectation,
): void {
  describe(name, () => {
    let bed: Bed;
    beforeAll(async () => {
      bed = await openBed(settings);
    });
    afterAll(() => bed.testbed.close());

    const open = async (table = bed.arm.table.name) => {
      const driver = await driverFor(bed.arm, { ...bed.target.target, tables: [table] });
      await driver.open();
      return driver;
    };
    const served = async () => (await bed.target.sample()).store?.requests ?? null;

    it('opens what its mode keeps, and counts it', async () => {
      const driver = await open();
      expect(driver.takeCounters()).toEqual({ ...NOTHING, ...opening });
    });

    it.each(OPERATION_KINDS)('performs a %s', async (kind) => {
      const driver = await open();
      const key = OPERATION_KINDS.indexOf(kind);
      expect(await driver.perform(operation(kind, { key }))).toBeUndefined();
    });

    it('tells reads that find nothing from others', async () => {
      const driver = await open();
      for (const kind of ['get', 'readModifyWrite', 'get'] as const) {
        const outcome = await driver.perform(operation(kind, { key: 99 }));
        expect(outcome).toBe(answers ? NOTHING_FOUND : undefined);
      }
    });

    it('counts what the target counts, once', async () => {
      const driver = await open();
      driver.takeCounters();
      const before = await served();
      for (const kind of ['put', 'get'] as const)
        await Promise.all(oneEach(kind).map((each) => driver.perform(each)));
      const counters = driver.takeCounters()!;
      expect(counters).toEqual({ ...NOTHING, ...working });
      if (counted) expect((await served())! - before!).toBe(counters.requests);
      expect(driver.takeCounters()).toEqual(NOTHING);
    });

    it('settles with the code of what went wrong, and works on', async () => {
      const driver = await open('no-such-table');
      driver.takeCounters();
      for (let attempt = 0; attempt < 2; attempt++) {
        expect(await driver.perform(operation('get'))).toBe(failure);
      }
      expect(driver.takeCounters()).toMatchObject({ transport_errors: 0, abandoned: 0 });
    });

    it('settles what is in flight when it is abandoned, and closes with or without', async () => {
      const driver = await open();
      driver.takeCounters();
      const outcomes = oneEach('put').map((each) => driver.perform(each));
      driver.abandon();
      const settled = await Promise.all(outcomes);
      const failed = settled.filter((outcome) => outcome !== undefined).length;
      const { abandoned, transport_errors } = driver.takeCounters()!;
      expect(abandoned).toBe(failed);
      expect(transport_errors).toBe(0);
      await driver.close();
      await (await open()).close();
    });
  });
}
