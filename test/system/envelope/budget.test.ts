import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_USES_PER_DATA_KEY,
  encodeAad,
  type KeyLedger,
  KeyringError,
  PlainKeys,
  rewrap,
  StaleKeysError,
  TableKeys,
  UseBudget,
  type WrappedKeys,
} from '../../../src/system/envelope/envelope.ts';
import { newTable, newTableKey } from './fixtures.ts';

const aad = encodeAad(['locator']);

/** The database: what is committed outlives every process. */
class Database {
  committed: WrappedKeys;
  commits = 0;

  constructor(wrapped: WrappedKeys) {
    this.committed = wrapped;
  }

  /** Runs a transaction; what it wrote is kept when it commits. */
  transact<T>(commit: boolean, work: (ledger: KeyLedger) => T): T {
    let pending = this.committed;
    const result = work({
      read: () => structuredClone(pending),
      write: (changed) => {
        pending = structuredClone(changed);
      },
    });
    if (commit && pending !== this.committed) {
      this.committed = pending;
      this.commits++;
    }
    return result;
  }
}

describe('UseBudget', () => {
  it('reserves a block at a time, before use', () => {
    const { wrapped, keys } = newTable();
    const database = new Database(wrapped);
    const budget = new UseBudget({ block: 10 });
    for (let i = 0; i < 25; i++) database.transact(true, (ledger) => budget.take(keys, 'table', ledger));
    expect(database.commits).toBe(3);
    expect(database.committed.structures.table!.dataKeys).toMatchObject([{ id: 1, usesReserved: 30 }]);
    expect(database.committed.structures['index/a']!.dataKeys).toMatchObject([{ id: 1, usesReserved: 0 }]);
  });

  it('goes to a new data key at the limit, and uses up the old one to the last', () => {
    const { wrapped, keys } = newTable();
    const database = new Database(wrapped);
    const budget = new UseBudget({ limit: 5, block: 2 });
    const ids = Array.from({ length: 12 }, () =>
      database.transact(true, (l) => budget.take(keys, 'table', l)),
    );
    expect(ids).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3, 3]);
  });

  it('never lets a data key seal more than its limit, with many processes, crashes and failed transactions', () => {
    const step = fc.record({
      process: fc.nat(2),
      event: fc.constantFrom('write', 'write', 'write', 'write', 'crash', 'abort'),
      structure: fc.constantFrom('table', 'index/new'),
    });
    const { tableKey, wrapped } = newTable();
    const open = (): TableKeys => TableKeys.open(tableKey.plaintext, 'table-1', wrapped);
    const settings = fc.record({
      limit: fc.integer({ min: 1, max: 12 }),
      block: fc.integer({ min: 1, max: 15 }),
    });
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 80 }), (options, steps) => {
        const database = new Database(wrapped);
        const processes = [0, 1, 2].map(() => ({ budget: new UseBudget(options), keys: open() }));
        const uses = new Map<string, number>();
        for (const { process, event, structure } of steps) {
          const { budget, keys } = processes[process]!;
          if (event === 'crash') {
            processes[process] = { budget: new UseBudget(options), keys: open() };
            continue;
          }
          const id = database.transact(event === 'write', (ledger) => budget.take(keys, structure, ledger));
          if (event === 'abort') {
            budget.forget('table-1');
            keys.unlearn();
            continue;
          }
          const sealed = keys.seal(structure, id, aad, '');
          const later = TableKeys.open(tableKey.plaintext, 'table-1', database.committed);
          expect(later.open(structure, aad, sealed)).toHaveLength(0);
          uses.set(`${structure} ${id}`, (uses.get(`${structure} ${id}`) ?? 0) + 1);
          for (const [name, made] of uses) {
            const [in_, of] = name.split(' ');
            const record = database.committed.structures[in_!]!.dataKeys.find(
              (key) => key.id === Number(of),
            )!;
            expect(made).toBeLessThanOrEqual(record.usesReserved);
            expect(record.usesReserved).toBeLessThanOrEqual(options.limit);
          }
        }
      }),
      { seed: 1, numRuns: 150 },
    );
  });

  it('lets every holder of the table’s keys use a data key that one of them made', () => {
    const { tableKey, wrapped, keys } = newTable();
    const database = new Database(wrapped);
    const budget = new UseBudget({ limit: 1, block: 1 });
    const other = TableKeys.open(tableKey.plaintext, 'table-1', wrapped);
    for (const holder of [keys, other, keys, other]) {
      const id = database.transact(true, (ledger) => budget.take(holder, 'table', ledger));
      expect(holder.seal('table', id, aad, 'x')).toBeInstanceOf(Buffer);
    }
    expect(database.committed.structures.table!.current).toBe(4);
  });

  it('lets those use a new data key whose share of the same block comes from another holder’s transaction', () => {
    const { tableKey, wrapped, keys } = newTable();
    const database = new Database(wrapped);
    const budget = new UseBudget({ limit: 2, block: 2 });
    const take = (holder: TableKeys) =>
      database.transact(true, (ledger) => budget.take(holder, 'table', ledger));
    const other = TableKeys.open(tableKey.plaintext, 'table-1', wrapped);
    expect([take(keys), take(keys), take(keys), take(other)]).toEqual([1, 1, 2, 2]);
    expect(other.seal('table', 2, aad, 'x')).toBeInstanceOf(Buffer);
  });

  it('needs the current table key for a new data key only', () => {
    const { tableKey, wrapped, keys } = newTable();
    const database = new Database(rewrap(wrapped, tableKey.plaintext, newTableKey()));
    const budget = new UseBudget({ limit: 2, block: 1 });
    const take = () => database.transact(true, (ledger) => budget.take(keys, 'table', ledger));
    expect([take(), take()]).toEqual([1, 1]);
    expect(take).toThrow(StaleKeysError);
    expect(database.committed.structures.table!.dataKeys).toHaveLength(1);
  });

  it('asks nothing of a table without encryption', () => {
    const untouched: KeyLedger = {
      read: () => expect.unreachable(),
      write: () => expect.unreachable(),
    };
    expect(new UseBudget().take(new PlainKeys('table-1'), 'table', untouched)).toBe(0);
  });

  it('gives a structure without keys its first, whatever its name', () => {
    const { wrapped, keys } = newTable();
    const database = new Database(wrapped);
    const id = database.transact(true, (l) => new UseBudget().take(keys, 'constructor', l));
    expect(id).toBe(1);
    expect(database.committed.structures.constructor).toMatchObject({ current: 1 });
    expect(keys.seal('constructor', id, aad, 'x')).toBeInstanceOf(Buffer);
  });

  it('refuses a structure whose current data key is not there', () => {
    const { wrapped, keys } = newTable();
    wrapped.structures.table!.current = 7;
    const take = () => new Database(wrapped).transact(true, (l) => new UseBudget().take(keys, 'table', l));
    expect(take).toThrow(KeyringError);
  });

  it('stays well below what the standard allows', () => {
    expect(DEFAULT_USES_PER_DATA_KEY).toBeLessThanOrEqual(2 ** 30);
  });

  it.each([{ limit: 0 }, { limit: 1.5 }, { limit: 2 ** 33 }, { block: 0 }, { block: Number.NaN }])(
    'refuses %o',
    (options) => {
      expect(() => new UseBudget(options)).toThrow(RangeError);
    },
  );
});
