import { createDecipheriv, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  addDataKey,
  createTableKeyring,
  EnvelopeError,
  encodeAad,
  KeyringError,
  rewrap,
  TableKeys,
  type WrappedKeys,
} from '../../../src/system/envelope/envelope.ts';
import { WrappingKey } from '../../../src/system/envelope/wrapping.ts';
import { newTable, newTableKey } from './fixtures.ts';

const aad = encodeAad(['locator', 'item']);

describe('a table’s wrapped keys', () => {
  it('survive JSON', () => {
    const { tableKey, wrapped, keys } = newTable();
    const read = TableKeys.open(tableKey.plaintext, 'table-1', JSON.parse(JSON.stringify(wrapped)));
    expect(read.open('table', aad, keys.seal('table', 1, aad, 'x')).toString()).toBe('x');
    expect(read.locator(['pk'])).toEqual(keys.locator(['pk']));
  });

  it('hold no plaintext key', () => {
    const { tableKey, wrapped } = newTable();
    const json = JSON.stringify(wrapped);
    for (const encoding of ['base64', 'hex', 'latin1'] as const) {
      expect(json).not.toContain(tableKey.plaintext.toString(encoding));
    }
  });

  it('differ between structures and tables', () => {
    const { keys } = newTable();
    const other = newTable('table-1').keys;
    const sealed = keys.seal('table', 1, aad, 'x');
    expect(() => keys.open('index/a', aad, sealed)).toThrow(EnvelopeError);
    expect(() => other.open('table', aad, sealed)).toThrow(EnvelopeError);
    expect(other.locator(['pk'])).not.toEqual(keys.locator(['pk']));
  });

  it('are re-wrapped under another table key, not made anew', () => {
    const { tableKey, wrapped, keys } = newTable();
    const two = addDataKey(wrapped, tableKey.plaintext, 'table');
    const next = newTableKey();
    const moved = rewrap(two, tableKey.plaintext, next);
    expect(moved.tableKey).toMatchObject({ id: 2, kmsCiphertext: next.kmsCiphertext });
    expect(moved.structures.table).toMatchObject({ current: 2, dataKeys: [{ id: 1 }, { id: 2 }] });
    const read = TableKeys.open(next.plaintext, 'table-1', moved);
    expect(read.open('table', aad, keys.seal('table', 1, aad, 'x')).toString()).toBe('x');
    expect(read.locator(['pk'])).toEqual(keys.locator(['pk']));
    expect(() => TableKeys.open(tableKey.plaintext, 'table-1', moved)).toThrow(KeyringError);
    expect(() => rewrap(moved, tableKey.plaintext, newTableKey())).toThrow(KeyringError);
  });

  it('keep how often each data key was used when they move', () => {
    const { tableKey, wrapped } = newTable();
    wrapped.structures.table!.dataKeys[0]!.usesReserved = 99;
    const moved = rewrap(wrapped, tableKey.plaintext, newTableKey());
    expect(moved.structures.table!.dataKeys[0]!.usesReserved).toBe(99);
  });

  it('grow by a data key, or by a structure', () => {
    const { tableKey, wrapped, keys } = newTable();
    const grown = addDataKey(
      addDataKey(wrapped, tableKey.plaintext, 'table'),
      tableKey.plaintext,
      '__proto__',
    );
    expect(grown.structures.table!.current).toBe(2);
    const read = TableKeys.open(tableKey.plaintext, 'table-1', JSON.parse(JSON.stringify(grown)));
    expect(read.open('table', aad, keys.seal('table', 1, aad, 'old')).toString()).toBe('old');
    expect(read.open('table', aad, read.seal('table', 2, aad, 'new')).toString()).toBe('new');
    expect(read.open('__proto__', aad, read.seal('__proto__', 1, aad, 'x')).toString()).toBe('x');
    expect(wrapped.structures.table!.dataKeys).toHaveLength(1);
    expect(() => addDataKey(wrapped, randomBytes(32), 'table')).toThrow(KeyringError);
  });

  it.each<[string, (wrapped: WrappedKeys) => void]>([
    [
      'exchanged between structures',
      ({ structures: { table: t, 'index/a': i } }) => {
        [t!.dataKeys[0]!.wrapped, i!.dataKeys[0]!.wrapped] = [
          i!.dataKeys[0]!.wrapped,
          t!.dataKeys[0]!.wrapped,
        ];
      },
    ],
    [
      'given another id',
      ({ structures }) => {
        structures.table!.dataKeys[0]!.id = 2;
      },
    ],
    [
      'put in place of a data key',
      (wrapped) => {
        wrapped.structures.table!.dataKeys[0]!.wrapped = wrapped.locator;
      },
    ],
    [
      'changed',
      ({ structures: { table } }) => {
        const bytes = Buffer.from(table!.dataKeys[0]!.wrapped, 'base64');
        bytes[20]! ^= 1;
        table!.dataKeys[0]!.wrapped = bytes.toString('base64');
      },
    ],
    [
      'cut',
      ({ structures: { table } }) => {
        table!.dataKeys[0]!.wrapped = table!.dataKeys[0]!.wrapped.slice(0, -8);
      },
    ],
  ])('open no wrapped key that was %s', (_, change) => {
    const { tableKey, wrapped } = newTable();
    change(wrapped);
    const keys = TableKeys.open(tableKey.plaintext, 'table-1', wrapped);
    expect(() => keys.seal('table', wrapped.structures.table!.dataKeys[0]!.id, aad, 'x')).toThrow(
      KeyringError,
    );
  });

  it('open under no other table, table key or table key id', () => {
    const { tableKey, wrapped } = newTable();
    const open = (record: WrappedKeys, key = tableKey.plaintext) =>
      TableKeys.open(key, record.tableId, record);
    expect(() => TableKeys.open(tableKey.plaintext, 'table-2', wrapped)).toThrow(KeyringError);
    expect(() => open({ ...wrapped, tableId: 'table-2' })).toThrow(KeyringError);
    expect(() => open({ ...wrapped, tableKey: { ...wrapped.tableKey, id: 2 } })).toThrow(KeyringError);
    expect(() => open(wrapped, randomBytes(32))).toThrow(KeyringError);
    expect(() => open(wrapped, randomBytes(16))).toThrow('32 bytes, got 16');
  });

  it('refuse an item when their data key was exchanged for another one', () => {
    const { tableKey, wrapped, keys } = newTable();
    const other = createTableKeyring('table-1', tableKey, ['table']);
    const sealed = keys.seal('table', 1, aad, 'x');
    const forged = { ...wrapped, structures: { ...wrapped.structures, table: other.structures.table! } };
    expect(() => TableKeys.open(tableKey.plaintext, 'table-1', forged).open('table', aad, sealed)).toThrow(
      EnvelopeError,
    );
  });
});

it('a wrapping key erases itself', () => {
  const wrapping = new WrappingKey(randomBytes(32), 1, 'table-1');
  wrapping.wipe();
  const wrapped = Buffer.from(
    wrapping.wrap(randomBytes(32), { purpose: 'data', structure: 'table', id: 1 }),
    'base64',
  );
  const decipher = createDecipheriv('aes-256-gcm', Buffer.alloc(32), wrapped.subarray(1, 13));
  decipher.setAAD(encodeAad(['wrapped key', '1', 'table-1', '1', 'data', 'table', '1']));
  decipher.setAuthTag(wrapped.subarray(-16));
  decipher.update(wrapped.subarray(13, -16));
  expect(() => decipher.final()).not.toThrow();
});
