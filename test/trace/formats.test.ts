import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createLineReader, hash32, splitCsv } from '../../src/trace/formats.ts';
import type { TraceFormat } from '../../src/trace/trace.ts';

const CSV: TraceFormat = { format: 'csv', columns: { time: 1, key: 2 }, unit_us: 1e6, words: {} };

function reads(format: Partial<TraceFormat>, ...lines: string[]) {
  const read = createLineReader({ ...CSV, ...format });
  return lines.map((line) => read(line));
}

describe("Twitter's cache traces", () => {
  const read = createLineReader({ ...CSV, format: 'twitter' });

  test('a line as published', () => {
    const record = read('0,nz:u:eeW511W3dcH3de3d15ec,22,304,8,get,0');
    expect(record).toMatchObject({ time_us: 0, operation: 'get', bytes: 326, client: hash32('8') });
  });

  test.each([
    ['gets', 'get'],
    ['set', 'put'],
    ['add', 'put'],
    ['cas', 'put'],
    ['replace', 'put'],
    ['append', 'update'],
    ['prepend', 'update'],
    ['incr', 'update'],
    ['decr', 'update'],
    ['delete', 'delete'],
  ])('%s is a %s', (word, operation) => {
    expect(read(`7,k,1,2,c,${word},0`)).toMatchObject({ time_us: 7e6, operation });
  });

  test.each([
    ['1,key,2', '3 fields where there should be 7'],
    ['soon,key,1,2,c,get,0', '"soon" is no time'],
    ['1,key,1,2,c,steal,0', '"steal" is no operation'],
    ['1,key,big,2,c,get,0', '"big" and "2" are no sizes'],
  ])('%s is none', (line, reason) => {
    expect(read(line)).toBe(reason);
  });
});

describe('access logs', () => {
  const read = createLineReader({ ...CSV, format: 'access-log' });
  const COMMON = '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif?a=1 HTTP/1.0" 200 2326';

  test('the common format', () => {
    expect(read(COMMON)).toMatchObject({
      time_us: Date.UTC(2000, 9, 10, 20, 55, 36) * 1e3,
      client: hash32('frank'),
      operation: 'get',
      bytes: 2326,
    });
  });

  test('the combined format, without a user, without a size', () => {
    const line =
      '2001:db8::1 - - [28/Feb/2024:23:59:59 +0000] "PUT /a HTTP/1.1" 204 - "http://x/" "curl/8 \\"quoted\\""';
    expect(read(line)).toMatchObject({ client: hash32('2001:db8::1'), operation: 'put', bytes: 0 });
  });

  test('one path is one key, whatever its query', () => {
    const other = read(COMMON.replace('?a=1', '?b=2'));
    expect(other).toMatchObject({ key: (read(COMMON) as { key: number }).key });
  });

  test.each([
    ['nonsense', 'not in the common or combined log format'],
    [COMMON.replace('GET', 'OPTIONS'), 'OPTIONS has no counterpart'],
    [COMMON.replace('Oct', 'Okt'), '"10/Okt/2000:13:55:36" is no time'],
  ])('%s is none', (line, reason) => {
    expect(read(line)).toBe(reason);
  });
});

describe('CSV', () => {
  test('columns by name, in any order, with units and words of its own', () => {
    const format = {
      columns: { time: 'ts', key: 'object', client: 'user', operation: 'verb', bytes: 'size' },
      unit_us: 1e3,
      words: { fetch: 'get' } as const,
    };
    const [heading, record] = reads(format, 'verb, size ,object,user,ts', 'Fetch,12,a/b,u1,1500');
    expect(heading).toBeUndefined();
    expect(record).toMatchObject({ time_us: 1.5e6, operation: 'get', bytes: 12, client: hash32('u1') });
  });

  test('columns by number have no heading; what is not named has a default', () => {
    expect(reads({}, '3,key')).toMatchObject([{ time_us: 3e6, client: 0, operation: 'get', bytes: 0 }]);
  });

  test('dates', () => {
    expect(reads({ unit_us: undefined }, '2024-02-28T00:00:00.25Z,k')).toMatchObject([
      { time_us: Date.UTC(2024, 1, 28) * 1e3 + 250e3 },
    ]);
  });

  test.each([
    ['1', '1 fields where there should be 2 or more'],
    ['-1,k', '"-1" is no time'],
    ['1e3,k', '"1e3" is no time'],
    ['', undefined],
  ])('%j', (line, outcome) => {
    expect(reads({}, line)).toEqual([outcome]);
  });

  test('a column that is not there is told with those that are', () => {
    expect(() => reads({ columns: { time: 'when', key: 'what' } }, 'when,which')).toThrow(
      'there is no column "what"; the first line has "when", "which".',
    );
  });

  test('a long value of the trace is not repeated in an error', () => {
    const secret = 'x'.repeat(500);
    expect(reads({}, `${secret},k`)).toEqual([`"${'x'.repeat(24)}…" is no time`]);
  });

  test('fields survive their quotes', () => {
    const field = fc.stringMatching(/^[a-z", ]{0,8}$/);
    const property = fc.property(fc.array(field, { minLength: 1, maxLength: 6 }), (fields) => {
      const line = fields
        .map((text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text))
        .join(',');
      expect(splitCsv(line)).toEqual(fields);
    });
    fc.assert(property, { seed: 5, numRuns: 500 });
  });

  test('no line breaks it', () => {
    const read = createLineReader({
      ...CSV,
      columns: { time: 1, key: 2, client: 3, operation: 4, bytes: 5 },
    });
    const property = fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (line) => {
      const outcome = read(line);
      expect(['object', 'string', 'undefined']).toContain(typeof outcome);
    });
    fc.assert(property, { seed: 6, numRuns: 2000 });
  });
});

test('hashes spread over small remainders', () => {
  const counts = new Array<number>(16).fill(0);
  for (let i = 0; i < 16_000; i++) counts[hash32(`client-${i}`) % 16]!++;
  for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(150);
});
