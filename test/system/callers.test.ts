import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT_ID, createCallers, createStoreService, loadCallers } from '../../src/system/system.ts';

describe('made up on the spot', () => {
  it('have credentials of AWS’s shape, each its own', () => {
    const callers = createCallers(50);
    for (const { accessKeyId, secretAccessKey } of callers) {
      expect(accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/);
      expect(secretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/);
    }
    expect(new Set(callers.map(({ accessKeyId }) => accessKeyId)).size).toBe(50);
    expect(callers[1]!.principal).toEqual({
      arn: `arn:aws:iam::${ACCOUNT_ID}:user/caller-2`,
      accountId: ACCOUNT_ID,
      name: 'caller-2',
      kind: 'user',
    });
  });

  it('the store is a service', () => {
    expect(createStoreService().principal).toMatchObject({ arn: 'dynamodb.amazonaws.com', kind: 'service' });
  });
});

describe('from a credentials file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sealbench-callers-'));
    path = join(folder, 'credentials');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are the same the next time, and those that are missing are added', () => {
    const first = loadCallers(path, 2);
    expect(loadCallers(path, 2)).toEqual(first);
    const more = loadCallers(path, 4);
    expect(more.slice(0, 2)).toEqual(first);
    expect(more.map(({ principal }) => principal.name)).toEqual([
      'caller-1',
      'caller-2',
      'caller-3',
      'caller-4',
    ]);
    expect(loadCallers(path, 1)).toEqual(more);
  });

  it('is a file of the AWS tools, for its owner only', () => {
    const [first] = loadCallers(path, 2);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toMatch(
      new RegExp(`^\\[default\\]\\naws_access_key_id = ${first!.accessKeyId}\\n[^[]*\\n\\[caller-2\\]\\n`),
    );
  });

  it('that lacks half of a pair says which, and what to do', () => {
    loadCallers(path, 2);
    writeFileSync(path, readFileSync(path, 'utf8').replace(/aws_secret_access_key.*\n$/, ''));
    expect(() => loadCallers(path, 2)).toThrow(/credentials: profile 2 lacks .*Mend it/);
  });

  it.each([
    ['a directory', () => folder],
    ['in a directory that is not there', () => join(folder, 'no', 'credentials')],
  ])('that is %s is bad input', (_, place) => {
    expect(() => loadCallers(place(), 1)).toThrow(expect.objectContaining({ name: 'InputError' }));
  });
});
