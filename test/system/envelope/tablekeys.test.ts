import { describe, expect, it } from 'vitest';
import {
  addDataKey,
  EnvelopeError,
  encodeAad,
  type ItemKeys,
  KeyringError,
  KeysWipedError,
  PlainKeys,
  rewrap,
  StaleKeysError,
  TableKeys,
  type WrappedKeys,
} from '../../../src/system/envelope/envelope.ts';
import { newTable, newTableKey, nextTurn } from './fixtures.ts';

const aad = encodeAad(['locator', 'item']);

function seal(keys: ItemKeys): Buffer {
  return keys.seal('table', 1, aad, 'x');
}

describe('TableKeys', () => {
  it('reads the key record anew for a data key that another process added', () => {
    const { tableKey, wrapped } = newTable();
    const grown = addDataKey(wrapped, tableKey.plaintext, 'table');
    const writer = TableKeys.open(tableKey.plaintext, 'table-1', grown);
    const sealed = writer.seal('table', 2, aad, 'new');
    const reader = TableKeys.open(tableKey.plaintext, 'table-1', wrapped, () => grown);
    expect(reader.open('table', aad, sealed).toString()).toBe('new');
    const alone = TableKeys.open(tableKey.plaintext, 'table-1', wrapped);
    expect(() => alone.open('table', aad, sealed)).toThrow(EnvelopeError);
    expect(() => alone.seal('table', 2, aad, 'x')).toThrow(KeyringError);
  });

  it('asks for newer keys when a data key was made under a newer table key, and only then', () => {
    const { tableKey, wrapped, keys } = newTable();
    const next = newTableKey();
    const moved = rewrap(wrapped, tableKey.plaintext, next);
    const grown = addDataKey(moved, next.plaintext, 'table');
    const current = TableKeys.open(next.plaintext, 'table-1', grown);
    const held = TableKeys.open(tableKey.plaintext, 'table-1', wrapped, () => grown);
    expect(held.open('table', aad, current.seal('table', 1, aad, 'x')).toString()).toBe('x');
    expect(() => held.open('table', aad, current.seal('table', 2, aad, 'x'))).toThrow(StaleKeysError);
    expect(() => held.learn('table', 2, grown)).toThrow(StaleKeysError);
    expect(() => held.addDataKey(grown, 'table')).toThrow(StaleKeysError);
    expect(current.open('table', aad, seal(keys)).toString()).toBe('x');
  });

  it('takes an unknown data key id in an envelope for damage', () => {
    const { tableKey, wrapped, keys } = newTable();
    let refreshes = 0;
    const refresh = (): WrappedKeys => {
      refreshes++;
      return wrapped;
    };
    const reader = TableKeys.open(tableKey.plaintext, 'table-1', wrapped, refresh);
    const sealed = seal(keys);
    sealed.writeUInt32BE(0xffff_ffff, 1);
    expect(() => reader.open('table', aad, sealed)).toThrow(new EnvelopeError());
    expect(() => reader.open('constructor', aad, seal(keys))).toThrow(new EnvelopeError());
    expect(refreshes).toBe(2);
  });

  it.each([
    Buffer.alloc(0),
    Buffer.from([0]),
    Buffer.from([1]),
    Buffer.from([1, 0, 0, 0, 1]),
    Buffer.alloc(100, 2),
  ])('does not open %o', (bytes) => {
    expect(() => newTable().keys.open('table', aad, bytes)).toThrow(new EnvelopeError());
  });

  it('stays usable for the turn in which it is wiped, and never afterwards', async () => {
    const { tableKey, keys, wrapped } = newTable();
    const sealed = seal(keys);
    keys.wipe();
    keys.wipe();
    await Promise.resolve();
    expect(keys.open('table', aad, sealed).toString()).toBe('x');
    await nextTurn();
    const uses: (() => unknown)[] = [
      () => seal(keys),
      () => keys.open('table', aad, sealed),
      () => keys.locator(['pk']),
      () => keys.hold(),
      () => keys.learn('table', 1, wrapped),
      () => keys.addDataKey(wrapped, 'table'),
    ];
    for (const use of uses) expect(use).toThrow(KeysWipedError);
    expect(TableKeys.open(tableKey.plaintext, 'table-1', wrapped).open('table', aad, sealed).toString()).toBe(
      'x',
    );
  });

  it('stays usable while held', async () => {
    const { keys } = newTable();
    keys.hold();
    keys.hold();
    keys.wipe();
    await nextTurn();
    keys.release();
    await nextTurn();
    expect(keys.open('table', aad, seal(keys)).toString()).toBe('x');
    keys.release();
    await nextTurn();
    expect(() => seal(keys)).toThrow(KeysWipedError);
  });

  it('may be held in the turn in which it was wiped', async () => {
    const { keys } = newTable();
    keys.wipe();
    keys.hold();
    await nextTurn();
    expect(seal(keys)).toBeInstanceOf(Buffer);
    keys.release();
    await nextTurn();
    expect(() => seal(keys)).toThrow(KeysWipedError);
  });

  it('keeps nothing of the buffer that it was opened with', () => {
    const { tableKey, wrapped } = newTable();
    const keys = TableKeys.open(tableKey.plaintext, 'table-1', wrapped);
    tableKey.plaintext.fill(0);
    expect(keys.open('table', aad, seal(keys)).toString()).toBe('x');
  });
});

describe('PlainKeys', () => {
  it.each<[string, string | Buffer]>([
    ['text', 'é漢'],
    ['bytes', Buffer.from([0, 255])],
    ['nothing', ''],
  ])('stores %s as it is', (_, plaintext) => {
    const keys = new PlainKeys('table-1');
    const stored = keys.seal('table', 0, aad, plaintext);
    expect(stored).toEqual(Buffer.concat([Buffer.from([0]), Buffer.from(plaintext as string)]));
    expect(keys.open('table', aad, stored)).toEqual(Buffer.from(plaintext as string));
  });

  it('takes no sealed item for plaintext, nor TableKeys plaintext for a sealed one', () => {
    const { keys } = newTable();
    const plain = new PlainKeys('table-1');
    expect(() => plain.open('table', aad, seal(keys))).toThrow(EnvelopeError);
    expect(() => keys.open('table', aad, seal(plain))).toThrow(EnvelopeError);
  });

  it('finds items, differently in each table', () => {
    const keys = new PlainKeys('table-1');
    expect(keys.locator(['a', 'b'])).toEqual(new PlainKeys('table-1').locator(['a', 'b']));
    expect(keys.locator(['a', 'b'])).not.toEqual(keys.locator(['ab']));
    expect(keys.locator(['a'])).not.toEqual(new PlainKeys('table-2').locator(['a']));
  });
});
