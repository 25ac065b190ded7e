import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../src/std/errors.ts';
import { createCallers, withPolicies } from '../../src/system/system.ts';

const policy = { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'kms:*', Resource: '*' } };
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sealbench-policies-'));
  path = join(folder, 'policies.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function problems(text: string, callers = createCallers(2)): string[] {
  writeFileSync(path, text);
  try {
    withPolicies(callers, path);
    return [];
  } catch (error) {
    if (error instanceof InputError) return error.problems.map(({ where, what }) => `${where} ${what}`);
    throw error;
  }
}

describe('policies of callers', () => {
  it('are theirs, and the others stay as they are', () => {
    const callers = createCallers(3);
    writeFileSync(path, JSON.stringify({ 'caller-2': policy }));
    expect(withPolicies(callers, path)).toEqual([callers[0], { ...callers[1], policy }, callers[2]]);
  });

  it.each([
    ['', /policies\.json This is not JSON/],
    ['[]', /not a JSON object/],
    ['null', /not a JSON object/],
    ['{"nobody": {}}', /json: nobody There is no such caller/],
    ['{"caller-1": {}}', /json: caller-1 This is no policy: it has no Statement/],
    ['{"caller-1": 7}', /This is no policy: it is not a JSON object/],
  ])('%s is bad input', (text, message) => {
    expect(problems(text)).toEqual([expect.stringMatching(message)]);
  });

  it('has all that is wrong told at once', () => {
    expect(problems(JSON.stringify({ x: policy, 'caller-1': [], 'caller-2': policy }))).toHaveLength(2);
  });

  it('that are not there are bad input', () => {
    expect(() => withPolicies(createCallers(1), path)).toThrow(/can't be read \(ENOENT\)/);
  });
});
