import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../src/std/clock.ts';
import { InputError } from '../../../src/std/errors.ts';
import { openKeystore } from '../../../src/system/kms/keystore.ts';
import { createRootKey, unwrap, wrap } from '../../../src/system/kms/rootkey.ts';
import { ACCOUNT, alice, base64, CONTEXT, dynamodb, InProcessKms, outcome, REGION } from './harness.ts';

const DAY_MS = 86_400_000;
let directory: string;
let open: InProcessKms[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kms-'));
});

afterEach(async () => {
  for (const kms of open) await kms.service.close();
  open = [];
  rmSync(directory, { recursive: true });
});

function start(clock = new SimulatedClock()): InProcessKms {
  const vault = openKeystore({ directory, region: REGION, accountId: ACCOUNT });
  const kms = new InProcessKms({}, vault, clock);
  open.push(kms);
  return kms;
}

async function restart(kms: InProcessKms, clock = kms.clock): Promise<InProcessKms> {
  await stop(kms);
  return start(clock);
}

async function stop(kms: InProcessKms): Promise<void> {
  open = open.filter((other) => other !== kms);
  await kms.service.close();
}

function startError(region = REGION, accountId = ACCOUNT): InputError {
  try {
    openKeystore({ directory, region, accountId });
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('the keystore opened');
}

describe('a keystore', () => {
  it('loses nothing over a restart', async () => {
    const before = start();
    const [used, disabled, doomed] = [
      await before.createKey(),
      await before.createKey(),
      await before.createKey(),
    ];
    const managed = { KeyId: 'alias/aws/dynamodb', KeySpec: 'AES_256' };
    const owned = { KeyId: 'alias/sealbench/aws-owned/dynamodb', KeySpec: 'AES_256' };
    const blobs = [
      await before.call('Encrypt', {
        KeyId: used.id,
        Plaintext: base64('secret'),
        EncryptionContext: CONTEXT,
      }),
      await before.call('GenerateDataKey', { ...managed, EncryptionContext: CONTEXT }, dynamodb, alice),
      await before.call('GenerateDataKey', { ...owned, EncryptionContext: CONTEXT }, dynamodb),
    ];
    await before.call('CreateAlias', { AliasName: 'alias/kept', TargetKeyId: used.id });
    await before.call('CreateAlias', { AliasName: 'alias/dropped', TargetKeyId: used.id });
    await before.call('DeleteAlias', { AliasName: 'alias/dropped' });
    await before.call('DisableKey', { KeyId: disabled.id });
    await before.call('ScheduleKeyDeletion', { KeyId: doomed.id, PendingWindowInDays: 9 });
    const described = await Promise.all([used, disabled, doomed].map(({ id }) => before.describe(id)));
    const aliases = await before.call('ListAliases');

    const after = await restart(before);
    expect(await Promise.all([used, disabled, doomed].map(({ id }) => after.describe(id)))).toEqual(
      described,
    );
    expect(described.map((key) => key.KeyState)).toEqual(['Enabled', 'Disabled', 'PendingDeletion']);
    expect(await after.call('ListAliases')).toEqual(aliases);
    for (const { CiphertextBlob, Plaintext = base64('secret') } of blobs) {
      const body = { CiphertextBlob, EncryptionContext: CONTEXT };
      expect((await after.call('Decrypt', body, dynamodb, alice)).Plaintext).toBe(Plaintext);
    }
    expect((await after.call('GenerateDataKey', managed, dynamodb, alice)).KeyId).toBe(blobs[1]!.KeyId);
    expect((await after.call('GenerateDataKey', owned, dynamodb)).KeyId).toBe(blobs[2]!.KeyId);
  });

  it('has every acknowledged change after a crash', async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'crash-child.ts'), directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const acknowledged: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line);
      if (acknowledged.length === 10) child.kill('SIGKILL');
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(10);
    const kms = start();
    for (const [index, CiphertextBlob] of acknowledged.entries()) {
      const { Plaintext, KeyId } = await kms.call('Decrypt', { CiphertextBlob });
      expect(Plaintext).toBe(base64(`secret ${index}`));
      expect((await kms.describe(`alias/key-${index}`)).Arn).toBe(KeyId);
      expect((await kms.call('GetKeyPolicy', { KeyId })).Policy).toMatch(/key-default-1.* $/s);
      expect((await kms.call('ListGrants', { KeyId })).Grants).toHaveLength(1);
    }
  });

  it('erases a key at the end of its window, for good', async () => {
    const clock = new SimulatedClock();
    const kms = start(clock);
    const { id, arn } = await kms.createKey();
    const { CiphertextBlob } = await kms.call('Encrypt', { KeyId: id, Plaintext: base64('secret') });
    await kms.call('CreateAlias', { AliasName: 'alias/a', TargetKeyId: id });
    await kms.call('ScheduleKeyDeletion', { KeyId: id, PendingWindowInDays: 7 });
    clock.advance(7 * DAY_MS);
    const waiting = await restart(kms, clock);
    expect(await outcome(waiting.describe(id))).toBe(`NotFoundException: Key '${arn}' does not exist`);
    const gone = await restart(waiting, new SimulatedClock());
    expect(await outcome(gone.describe(id))).toBe(`NotFoundException: Key '${arn}' does not exist`);
    expect(await outcome(gone.describe('alias/a'))).toMatch(/^NotFoundException/);
    expect(await outcome(gone.call('CancelKeyDeletion', { KeyId: id }))).toMatch(/^NotFoundException/);
    expect(await outcome(gone.call('Decrypt', { CiphertextBlob }))).toMatch(
      /^AccessDeniedException: The ciphertext refers to a customer master key that does not exist/,
    );
  });

  it('has no plaintext key on disk, and a root key for its owner only', async () => {
    const kms = start();
    const { id } = await kms.createKey();
    await kms.call('Encrypt', { KeyId: id, Plaintext: base64('secret') });
    const reader = openKeystore({ directory, region: REGION, accountId: ACCOUNT });
    const [stored] = reader.load().keys;
    await reader.close();
    const secret = stored!.materials[0]!.secret.export();
    expect(secret.length).toBe(32);
    await stop(kms);
    const root = join(directory, 'root.key');
    expect([statSync(root).mode & 0o777, statSync(root).size]).toEqual([0o600, 32]);
    const files = readdirSync(directory, { recursive: true, withFileTypes: true });
    for (const file of files.filter((entry) => entry.isFile())) {
      const bytes = readFileSync(join(file.parentPath, file.name));
      for (const form of [
        secret,
        Buffer.from(secret.toString('base64')),
        Buffer.from(secret.toString('hex')),
      ]) {
        expect(bytes.includes(form), file.name).toBe(false);
      }
    }
  });

  it('refuses a root key that is open to others', async () => {
    await stop(start());
    chmodSync(join(directory, 'root.key'), 0o640);
    expect(startError().code).toBe('E_KMS_ROOT_KEY');
    expect(startError().message).toMatch(/root\.key: .*mode 0640.* Run: chmod 600 /);
    chmodSync(join(directory, 'root.key'), 0o600);
    await stop(start());
  });

  it.each([
    ['lost', (path: string) => rmSync(path), /cannot be read/],
    ['foreign', (path: string) => writeFileSync(path, randomBytes(32)), /not the root key/],
    ['cut short', (path: string) => writeFileSync(path, randomBytes(31)), /has 32 bytes; this file has 31/],
  ])('refuses a root key that is %s, and makes no new one', async (_, spoil, message) => {
    await stop(start());
    spoil(join(directory, 'root.key'));
    for (let i = 0; i < 2; i++) {
      expect(startError().code).toBe('E_KMS_ROOT_KEY');
      expect(startError().problems).toHaveLength(1);
      expect(startError().message).toMatch(message);
    }
  });

  it('takes up a root key that an interrupted first start left', async () => {
    createRootKey(join(directory, 'root.key'));
    const kms = start();
    const { id } = await kms.createKey();
    expect((await (await restart(kms)).describe(id)).KeyId).toBe(id);
  });

  it("refuses another account's or Region's keys, and a directory that is none", async () => {
    await stop(start());
    expect(startError('us-east-1').message).toMatch(new RegExp(`of account ${ACCOUNT} in ${REGION}, not of`));
    expect(startError(REGION, '999999999999').code).toBe('E_KMS_DIRECTORY');
    const file = join(directory, 'root.key');
    expect(() => openKeystore({ directory: file, region: REGION, accountId: ACCOUNT })).toThrow(
      /Keys cannot be kept here/,
    );
  });
});

describe('a disk that fails', () => {
  it('fails the request, and changes nothing', async () => {
    let broken = false;
    const kms = new InProcessKms(
      {},
      {
        load: () => ({ keys: [], aliases: [] }),
        save: async () => {
          if (broken) throw new Error('no space left');
        },
        loadGrants: () => [],
        saveGrants: async () => undefined,
        close: async () => undefined,
      },
    );
    const { id } = await kms.createKey();
    broken = true;
    expect(await outcome(kms.call('DisableKey', { KeyId: id }))).toMatch(
      /^KMSInternalException: (?!.*space)/,
    );
    expect((await kms.describe(id)).KeyState).toBe('Enabled');
    broken = false;
    expect(await outcome(kms.call('DisableKey', { KeyId: id }))).toBe('ok');
  });
});

describe('a wrapped key', () => {
  it('opens under its root key and identity only, unchanged', () => {
    const rootKey = createRootKey(join(directory, 'one'));
    const wrapped = wrap(rootKey, Buffer.from('secret'), 'key 1');
    expect(unwrap(rootKey, wrapped, 'key 1').toString()).toBe('secret');
    expect(() => unwrap(rootKey, wrapped, 'key 2')).toThrow();
    expect(() => unwrap(createRootKey(join(directory, 'two')), wrapped, 'key 1')).toThrow();
    for (let bit = 0; bit < wrapped.length * 8; bit++) {
      const changed = Buffer.from(wrapped);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => unwrap(rootKey, changed, 'key 1')).toThrow();
    }
  });
});
