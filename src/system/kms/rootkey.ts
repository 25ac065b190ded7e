import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { InputError } from '../../std/errors.ts';

const ROOT_KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const CODE = 'E_KMS_ROOT_KEY';

/** Makes a root key. @throws if the file exists */
export function createRootKey(path: string): KeyObject {
  const bytes = randomBytes(ROOT_KEY_BYTES);
  const file = openSync(path, 'wx', 0o600);
  try {
    writeSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  syncDirectory(dirname(path));
  return secretFrom(bytes);
}

/** Until its directory is on disk, a new file may vanish with the power. */
function syncDirectory(path: string): void {
  const directory = openSync(path, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

/** @throws InputError `E_KMS_ROOT_KEY` when it is missing, open to others or no root key */
export function readRootKey(path: string): KeyObject {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw new InputError(
      CODE,
      {
        where: path,
        what: 'The root key of the keys kept here cannot be read.',
        remedy: 'Put it back from where it went; without it, start with another directory.',
      },
      { cause },
    );
  }
  try {
    const mode = fstatSync(file).mode & 0o777;
    if ((mode & 0o077) !== 0) {
      throw new InputError(CODE, {
        where: path,
        what: `The root key is open to others than its owner (mode ${mode.toString(8).padStart(4, '0')}).`,
        remedy: `Run: chmod 600 ${path}`,
      });
    }
    return checkedRootKey(path, readFileSync(file));
  } finally {
    closeSync(file);
  }
}

function checkedRootKey(path: string, bytes: Buffer): KeyObject {
  if (bytes.length !== ROOT_KEY_BYTES) {
    throw new InputError(CODE, {
      where: path,
      what: `A root key has ${ROOT_KEY_BYTES} bytes; this file has ${bytes.length}.`,
      remedy: 'Put the right file back; without it, start with another directory.',
    });
  }
  return secretFrom(bytes);
}

function secretFrom(bytes: Buffer): KeyObject {
  const secret = createSecretKey(bytes);
  bytes.fill(0);
  return secret;
}

/** AES-256-GCM with a random IV: `iv 12 | ciphertext | tag 16`. @param identity what the bytes are, authenticated */
export function wrap(rootKey: KeyObject, bytes: Uint8Array, identity: string): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', rootKey, iv);
  cipher.setAAD(Buffer.from(identity));
  return Buffer.concat([iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/** @throws if another root key or identity wrapped it, or it was changed */
export function unwrap(rootKey: KeyObject, wrapped: Uint8Array, identity: string): Buffer {
  const end = wrapped.length - TAG_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', rootKey, wrapped.subarray(0, IV_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(identity));
  decipher.setAuthTag(wrapped.subarray(end));
  const bytes = decipher.update(wrapped.subarray(IV_BYTES, end));
  decipher.final();
  return bytes;
}
