import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineFile, LONG_LINE } from '../../src/trace/reader.ts';
import { openSpreadRecords, surveyTrace, type TraceFormat, type TraceRecord } from '../../src/trace/trace.ts';

const folder = mkdtempSync(join(tmpdir(), 'sealbench-trace-'));
const FORMAT: TraceFormat = {
  format: 'csv',
  columns: { time: 1, key: 2, client: 3 },
  unit_us: 1e6,
  words: {},
};

function write(text: string): string {
  const path = join(folder, 'trace.csv');
  writeFileSync(path, text);
  return path;
}

function linesOf(text: string): unknown[] {
  const file = new LineFile(write(text));
  const lines: unknown[] = [];
  for (let line = file.next(); line !== undefined; line = file.next()) lines.push(line);
  file.close();
  return lines;
}

function spread(text: string, tick_us: number): TraceRecord[] {
  const records = openSpreadRecords(
    { file: write(text), format: { ...FORMAT, columns: { time: 1, key: 2 } } },
    tick_us,
  );
  const all: TraceRecord[] = [];
  for (let record = records.next(); record !== undefined; record = records.next()) all.push({ ...record });
  records.close();
  return all;
}

describe('lines', () => {
  test('of every length across chunks, with every ending', () => {
    const line = fc.stringMatching(/^[ -~]{0,200}$/);
    const lines = fc.array(line, { maxLength: 40 });
    const property = fc.property(
      lines,
      fc.constantFrom('\n', '\r\n'),
      fc.nat(300_000),
      (some, end, filler) => {
        const all = [
          'x'.repeat(Math.min(filler, 60_000)),
          ...Array(Math.ceil(filler / 60_000)).fill('y'.repeat(60_000)),
          ...some,
        ];
        expect(linesOf(all.join(end) + end)).toEqual(all);
      },
    );
    fc.assert(property, { seed: 1, numRuns: 60 });
  });

  test('the last one needs no end; an empty file has none', () => {
    expect(linesOf('a\nb')).toEqual(['a', 'b']);
    expect(linesOf('')).toEqual([]);
  });

  test('a line without end is passed over, and what follows is read', () => {
    expect(linesOf(`a\n${'x'.repeat(3_000_000)}\nb\n`)).toEqual(['a', LONG_LINE, 'b']);
    expect(linesOf('x'.repeat(65_537))).toEqual([LONG_LINE]);
    expect(linesOf(`${'x'.repeat(65_536)}\n`)).toEqual(['x'.repeat(65_536)]);
  });
});

describe('records', () => {
  test('those of one tick are spread evenly over it', () => {
    const times = spread('5,a\n5,b\n5,c\n5,d\n6,e\n8,f\n8,g\n', 1e6).map((record) => record.time_us / 1e6);
    expect(times).toEqual([5, 5.25, 5.5, 5.75, 6, 8, 8.5]);
  });

  test('without a tick they stay where they are', () => {
    expect(spread('5,a\n5,b\n', 0).map((record) => record.time_us)).toEqual([5e6, 5e6]);
  });

  test('time never goes back', () => {
    const time = fc.array(fc.nat(20), { minLength: 1, maxLength: 60 });
    const property = fc.property(time, (times) => {
      const records = spread(times.map((second) => `${second},k`).join('\n'), 1e6);
      expect(records).toHaveLength(times.length);
      for (let i = 1; i < records.length; i++) {
        expect(records[i]!.time_us).toBeGreaterThanOrEqual(records[i - 1]!.time_us);
      }
      expect(records.at(-1)!.time_us).toBeLessThan((Math.max(...times) + 1) * 1e6);
    });
    fc.assert(property, { seed: 2, numRuns: 100 });
  });
});

describe('a survey', () => {
  test('counts what is there, and shows the first of what is not', () => {
    const text = '10,a,x\n10,b,y\nbroken\n9,a,x\n12,c,z\n?,d,z\n';
    expect(surveyTrace(write(text), FORMAT)).toEqual({
      records: 4,
      broken: 2,
      brokenLines: [
        { line: 3, reason: '1 fields where there should be 3 or more' },
        { line: 6, reason: '"?" is no time' },
      ],
      disordered: 1,
      span_us: 3e6,
      first_us: 10e6,
      tick_us: 1e6,
      clients: 3,
      keys: 3,
    });
  });

  test.each([
    ['1700000000,a,x\n1700000001,a,x\n', 1e6],
    ['1700000000.001,a,x\n1700000000.002,a,x\n', 1e3],
    ['1700000000.000001,a,x\n1700000001,a,x\n', 0],
  ])('tells the tick of the clock: %j', (text, tick_us) => {
    expect(surveyTrace(write(text), FORMAT).tick_us).toBe(tick_us);
  });

  test('of nothing', () => {
    expect(surveyTrace(write(''), FORMAT)).toMatchObject({ records: 0, clients: 0 });
  });

  test('of what is no file', () => {
    expect(() => surveyTrace(join(folder, 'none'), FORMAT)).toThrow('ENOENT');
    expect(() => surveyTrace(folder, FORMAT)).toThrow('EISDIR');
  });
});
