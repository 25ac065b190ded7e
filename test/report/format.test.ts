import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { format } from '../../src/report/report.ts';

describe('durations', () => {
  it.each([
    [0, '0 ns'],
    [85, '85 ns'],
    [999.6, '1.00 µs'],
    [812_345, '812 µs'],
    [999_600, '1.00 ms'],
    [4_214_000, '4.21 ms'],
    [10_940_000, '10.9 ms'],
    [75e9, '75.0 s'],
    [3.6e12, '3,600 s'],
    [null, '–'],
  ])('%d ns read %s', (value_ns, text) => {
    expect(format.duration(value_ns)).toBe(text);
  });

  it('are true to three digits whatever their size', () => {
    const units: Record<string, number> = { ns: 1, µs: 1e3, ms: 1e6, s: 1e9 };
    fc.assert(
      fc.property(fc.double({ min: 1, max: 3.6e12, noNaN: true }), (value_ns) => {
        const [amount, unit] = format.duration(value_ns).replaceAll(',', '').split(' ');
        // Below 1 µs whole nanoseconds are all there is.
        const tolerance_ns = Math.max(0.5, value_ns * 0.005);
        expect(Math.abs(Number(amount) * units[unit!]! - value_ns)).toBeLessThanOrEqual(
          tolerance_ns * 1.0001,
        );
      }),
      { seed: 31, numRuns: 500 },
    );
  });
});

describe('shares', () => {
  it.each([
    [0, '0 %'],
    [1, '100 %'],
    [0.9896, '99.0 %'],
    [0.5, '50.0 %'],
    [0.0133, '1.33 %'],
    [0.9999, '99.99 %'],
    [0.99996, '> 99.99 %'],
    [0.00001, '< 0.01 %'],
    [null, '–'],
  ])('%d reads %s', (share, text) => {
    expect(format.percent(share)).toBe(text);
  });

  it('never round to all or nothing', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, minExcluded: true, maxExcluded: true, noNaN: true }),
        (share) => {
          expect(['0 %', '100 %', '0.00 %', '100.00 %']).not.toContain(format.percent(share));
        },
      ),
      { seed: 32, numRuns: 500 },
    );
  });
});

describe('other numbers', () => {
  it('have three significant digits, or all of a larger whole part', () => {
    expect([0.0107, 1, 75.25, 999.4, 999.6, 12_345.6].map(format.number)).toEqual([
      '0.0107',
      '1.00',
      '75.3',
      '999',
      '1,000',
      '12,346',
    ]);
    expect([format.number(0), format.number(0.00001234), format.number(null)]).toEqual(['0', '1.2e-5', '–']);
  });

  it('carry their units', () => {
    expect(format.rate(99.83)).toBe('99.8/s');
    expect(format.money(0.0288)).toBe('$0.0288');
    expect(format.money(0)).toBe('$0');
    expect(format.count(1_234_567)).toBe('1,234,567');
    expect(format.bytes(1024)).toBe('1 KiB');
    expect(format.bytes(33.6e9)).toBe('31.3 GiB');
    expect(format.setting_ns(300e9)).toBe('5 min');
    expect(format.setting_ns(1.5e9)).toBe('1500 ms');
    expect(format.confidence(0.95)).toBe('95 %');
    expect([0, 12e3, 870e3, 72.9e6, 7 * 86_400e3].map(format.lifetime)).toEqual([
      '0 s',
      '12.0 s',
      '14.5 min',
      '20.3 h',
      '7.00 d',
    ]);
  });

  it('show a ratio with its interval, or alone', () => {
    expect(format.ratioInterval(5.2, 4.93, 5.61)).toBe('5.20× (4.93–5.61)');
    expect(format.ratioInterval(104.1, null, null)).toBe('104×');
    expect(format.ratioInterval(null, null, null)).toBe('–');
  });
});
