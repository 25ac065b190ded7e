/** Writes to LMDB until its file may not grow any more, and prints what came of it as JSON. */

import { newKey } from '../../src/system/kms/keys.ts';
import { openKeystore } from '../../src/system/kms/keystore.ts';
import type { Engine } from '../../src/system/store/engine/engine.ts';
import { LmdbEngine } from '../../src/system/store/engine/engine-lmdb.ts';
import { LoggedEngine } from '../../src/system/store/engine/engine-logged.ts';

const [, , what, directory = ''] = process.argv;
const writers: Record<string, () => Writer> = {
  engine: () => engineWriter(new LmdbEngine(directory)),
  'logged engine': () => engineWriter(new LoggedEngine(directory)),
  keystore: keystoreWriter,
};
const { write, count } = writers[what!]!();
let written = 0;
let refused = 0;
while (refused < 3) {
  await write(written).then(
    () => written++,
    () => refused++,
  );
}
// Time for a rejection that nobody listens to: it ends the process.
await new Promise((resolve) => setImmediate(resolve));
process.stdout.write(JSON.stringify({ refused, lost: written - count(written) }));

interface Writer {
  write(index: number): Promise<void>;
  /** How many of the first so many writes are there. */
  count(written: number): number;
}

function engineWriter(engine: Engine): Writer {
  const keyOf = (index: number) => Buffer.from(`record ${index}`);
  return {
    write: (index) => engine.write((transaction) => transaction.put(keyOf(index), Buffer.alloc(8192))),
    count: (written) => {
      engine.refresh();
      const indices = Array.from({ length: written }, (_, index) => index);
      return indices.filter((index) => engine.get(keyOf(index)) !== undefined).length;
    },
  };
}

function keystoreWriter(): Writer {
  const vault = openKeystore({ directory, region: 'eu-west-1', accountId: '123456789012' });
  return {
    write: () => vault.save({ keys: [newKey('customer', { description: 'x'.repeat(8192) }, 0)] }),
    count: () => vault.load().keys.length,
  };
}
