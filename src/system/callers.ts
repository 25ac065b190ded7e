import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { InputError } from '../std/errors.ts';
import type { Caller } from './wire/wire.ts';

/** The account that everything embedded lives in: the one of AWS's own examples. */
export const ACCOUNT_ID = '111122223333';

/** A principal of the account with credentials of AWS's shape, made up on the spot. */
export function createCaller(name: string): Caller {
  return {
    ...credentials(),
    principal: { arn: `arn:aws:iam::${ACCOUNT_ID}:user/${name}`, accountId: ACCOUNT_ID, name, kind: 'user' },
  };
}

/** `caller-1` … `caller-n`. */
export function createCallers(count: number): Caller[] {
  return Array.from({ length: count }, (_, index) => createCaller(`caller-${index + 1}`));
}

/** The store as a caller of the KMS. */
export function createStoreService(): Caller {
  const name = 'dynamodb.amazonaws.com';
  return { ...credentials(), principal: { arn: name, accountId: ACCOUNT_ID, name, kind: 'service' } };
}

function credentials(): { accessKeyId: string; secretAccessKey: string } {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const id = Array.from(randomBytes(16), (byte) => alphabet[byte % 32]).join('');
  return { accessKeyId: `AKIA${id}`, secretAccessKey: randomBytes(30).toString('base64') };
}

/**
 * The callers of a credentials file of the AWS tools (one profile each), made with as many as are missing.
 * The file is readable by its owner alone.
 *
 * @throws InputError when it can't be read, written or understood
 */
export function loadCallers(path: string, count: number): Caller[] {
  const known = onDisk(path, () =>
    existsSync(path) ? parseCredentials(readFileSync(path, 'utf8'), path) : [],
  );
  if (known.length >= count) return known;
  const missing = Array.from({ length: count - known.length }, (_, index) =>
    createCaller(`caller-${known.length + index + 1}`),
  );
  const callers = [...known, ...missing];
  onDisk(path, () => writeFileSync(path, callers.map(formatProfile).join('\n'), { mode: 0o600 }));
  return callers;
}

function onDisk<Value>(path: string, action: () => Value): Value {
  try {
    return action();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof InputError || code === undefined) throw error;
    throw new InputError('E_CREDENTIALS', {
      what: `can't be read or written (${code}).`,
      where: path,
      remedy: 'It is a file, and its directory has to be writable.',
    });
  }
}

function formatProfile(caller: Caller, index: number): string {
  const profile = index === 0 ? 'default' : caller.principal.name;
  return `[${profile}]\naws_access_key_id = ${caller.accessKeyId}\naws_secret_access_key = ${caller.secretAccessKey}\n`;
}

function parseCredentials(text: string, path: string): Caller[] {
  const profiles = text.split(/^\[.*\]\s*$/m).slice(1);
  return profiles.map((profile, index) => {
    const accessKeyId = /^aws_access_key_id\s*=\s*(\S+)\s*$/m.exec(profile)?.[1];
    const secretAccessKey = /^aws_secret_access_key\s*=\s*(\S+)\s*$/m.exec(profile)?.[1];
    if (!accessKeyId || !secretAccessKey) {
      throw new InputError('E_CREDENTIALS', {
        what: `profile ${index + 1} lacks aws_access_key_id or aws_secret_access_key.`,
        where: path,
        remedy: 'Mend it, or delete the file to have new credentials made.',
      });
    }
    return { ...createCaller(`caller-${index + 1}`), accessKeyId, secretAccessKey };
  });
}
