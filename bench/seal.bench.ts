import { createCipheriv, createDecipheriv, randomBytes, randomFillSync } from 'node:crypto';
import {
  createTableKeyring,
  encodeAad,
  PlainKeys,
  TableKeys,
  UseBudget,
} from '../src/system/envelope/envelope.ts';
import type { Suite } from './suite.ts';

const ITEM_BYTES = 1024;
const item = randomBytes(ITEM_BYTES);
const text = 'x'.repeat(ITEM_BYTES);

const tableKey = { plaintext: randomBytes(32), kmsCiphertext: '', kmsKeyArn: '' };
let wrapped = createTableKeyring('table-1', tableKey, ['table']);
const keys = TableKeys.open(tableKey.plaintext, 'table-1', wrapped);
const plain = new PlainKeys('table-1');
const budget = new UseBudget();
const ledger = {
  read: () => wrapped,
  write: (changed: typeof wrapped) => {
    wrapped = changed;
  },
};
const aad = encodeAad([keys.locator(['user-00000001']), 'item']);
const sealed = seal();

function seal(): Buffer {
  return keys.seal('table', budget.take(keys, 'table', ledger), aad, item);
}

/**
 * Bare node:crypto on the same bytes, at its best: same additional data, IVs from a pool too, nothing copied twice.
 */
const bareKey = randomBytes(32);
const bareAad = Buffer.concat([encodeAad([Buffer.of(1), Buffer.alloc(4), 'table-1', 'table']), aad]);
const ivs = Buffer.alloc(340 * 12);
let nextIv = ivs.length;
const bareSealed = bareSeal();

function bareSeal(): Buffer {
  if (nextIv === ivs.length) {
    randomFillSync(ivs);
    nextIv = 0;
  }
  const iv = ivs.subarray(nextIv, nextIv + 12);
  nextIv += 12;
  const cipher = createCipheriv('aes-256-gcm', bareKey, iv);
  cipher.setAAD(bareAad);
  const ciphertext = cipher.update(item);
  cipher.final();
  return Buffer.concat([iv, ciphertext, cipher.getAuthTag()]);
}

function bareOpen(stored: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', bareKey, stored.subarray(0, 12));
  decipher.setAAD(bareAad);
  decipher.setAuthTag(stored.subarray(stored.length - 16));
  const plaintext = decipher.update(stored.subarray(12, stored.length - 16));
  decipher.final();
  return plaintext;
}

export const sealSuite: Suite = {
  name: 'sealing 1 KiB items',
  tasks: [
    { name: 'node:crypto seal + open', fn: () => bareOpen(bareSeal()), bytes: ITEM_BYTES },
    {
      name: 'seal + open',
      fn: () => keys.open('table', aad, seal()),
      bytes: ITEM_BYTES,
      against: 'node:crypto seal + open',
    },
    { name: 'node:crypto seal', fn: bareSeal, bytes: ITEM_BYTES },
    { name: 'seal', fn: seal, bytes: ITEM_BYTES, against: 'node:crypto seal' },
    {
      name: 'seal text',
      fn: () => keys.seal('table', 1, aad, text),
      bytes: ITEM_BYTES,
      against: 'node:crypto seal',
    },
    { name: 'node:crypto open', fn: () => bareOpen(bareSealed), bytes: ITEM_BYTES },
    {
      name: 'open',
      fn: () => keys.open('table', aad, sealed),
      bytes: ITEM_BYTES,
      against: 'node:crypto open',
    },
    {
      name: 'without encryption',
      fn: () => plain.open('table', aad, plain.seal('table', 0, aad, item)),
      bytes: ITEM_BYTES,
    },
    { name: 'locator', fn: () => keys.locator(['user-00000001']) },
    { name: 'unwrap a table’s keys', fn: unwrap },
  ],
};

/** What a cache miss costs besides the call to the KMS: the first use of a data key included. */
function unwrap(): Buffer {
  return TableKeys.open(tableKey.plaintext, 'table-1', wrapped).open('table', aad, sealed);
}
