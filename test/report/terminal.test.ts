import { describe, expect, it } from 'vitest';
import { terminalReport } from '../../src/report/report.ts';
import { visibleLength, wrap } from '../../src/report/text.ts';
import { resultOf, THREE_ARMS } from './results.ts';

const PLAIN = { color: false, width: 100 };
const result = resultOf(THREE_ARMS);

/** Cells of a table's line, its label first. */
function cells(text: string, label: string): string[] {
  const line = text.split('\n').find((one) => one.includes(label));
  return line!
    .slice(line!.indexOf(label) + label.length)
    .trim()
    .split(/\s{2,}/);
}

describe('the terminal report', () => {
  const text = terminalReport(result, PLAIN);

  it('has a column for each arm with what matters', () => {
    expect(cells(text, 'planned')).toEqual(['100/s', '100/s', '100/s']);
    expect(cells(text, 'p50')).toEqual(['1.21 ms', '4.42 ms', expect.stringMatching(/^6\.\d\d ms$/)]);
    expect(cells(text, 'p99.9')).toEqual(['–', '–', '–']);
    expect(cells(text, 'hit rate')).toEqual(['99.0 %', '0 %', '0 %']);
    expect(cells(text, 'in total')).toEqual(['16', '1,666', '1,666']);
    expect(cells(text, 'opened')).toEqual(['16', '1,666', '1,666']);
    expect(cells(text, 'CPU            per operation')).toEqual(['700 µs', '4.90 ms', '4.90 ms']);
    expect(cells(text, 'per million ops')).toEqual(['$0.0288', '$3.00', '$3.00']);
    expect(cells(text, 'failed')).toEqual(['0', '0', '20']);
    expect(cells(text, 'verdict')).toEqual(['valid', 'valid', 'suspect']);
  });

  it('aligns its columns to the right', () => {
    const lines = text.split('\n');
    const table = lines.slice(3, lines.indexOf('', 3));
    expect(new Set(table.map(visibleLength)).size).toBe(1);
  });

  it('says the ratios in words, with intervals where there are any', () => {
    expect(text).toContain('Ratios, with 95 % intervals over 10 blocks');
    expect(text).toMatch(/resumed \/ keep-alive\n {4}p50 3\.\d\d× \(3\.\d\d–3\.\d\d\) {3}p99 3\.\d\d× \(/);
    expect(text).toContain('KMS calls 104×   connections 104×   cost 104×');
    expect(text).toMatch(/fresh \/ keep-alive\n {4}p50 5\.\d\d× .* p99 –/);
  });

  it('says why an arm is not valid, what was checked and what is withheld', () => {
    expect(text).toContain('fresh is suspect:\n  - 20 of 1500 operations failed');
    expect(text).toContain('keep-alive: 7 of 7 hold');
    expect(text).toContain('– withheld: fewer than 10 samples');
  });

  it.each([60, 80, 100, 300])('stays within its width of %i, and within 100', (width) => {
    const many = resultOf(
      Array.from({ length: 9 }, (_, i) => ({ name: `arm-number-${i}`, mode: 'fresh' as const })),
    );
    for (const one of [result, many]) {
      for (const line of terminalReport(one, { color: true, width }).split('\n')) {
        expect(visibleLength(line)).toBeLessThanOrEqual(Math.min(width, 100));
      }
    }
    const names = terminalReport(many, { color: false, width })
      .split('\n')
      .filter((line) => /^ {20,}arm-number/.test(line));
    expect(names.join(' ').match(/arm-number-\d/g)).toHaveLength(9);
  });

  it('has no escape without colour, and the same words with it', () => {
    expect(text).not.toContain('\u001b');
    const colored = terminalReport(result, { ...PLAIN, color: true });
    expect(colored).toContain('\u001b[33msuspect');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape is what is looked for
    expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(text);
  });

  it('says what the load generator added, and notes what the target was at', () => {
    const [arm] = result.arms;
    const notes = ['The store process used 96 % of a core.'];
    const noted = { ...result, arms: [{ ...arm!, verdict: { ...arm!.verdict, notes } }] };
    const lines = terminalReport(noted, PLAIN).replace(/\n/g, ' ');
    expect(lines).toContain('keep-alive is valid:   - The store process used 96 % of a core.');
    expect(lines).toMatch(
      /Load generator: keep-alive: adds [\d.]+ (µs|ns) to p50 and .* machine idle 60\.0 %\./,
    );
    const older = { ...result, arms: [{ ...arm!, generator: undefined }] };
    expect(terminalReport(older, PLAIN)).not.toContain('Load generator');
  });

  it('flags a scope that skips authorisation', () => {
    const flagged = terminalReport(resultOf([{ name: 'shared', scope: 'process' }]), PLAIN);
    expect(flagged).toContain('shared: cache scope "process" skips authorisation.');
    expect(text).not.toContain('authorisation');
  });

  it('names no ratio of an invalid arm', () => {
    const invalid = terminalReport(resultOf([{ name: 'base' }, { name: 'late', unissued: 9 }]), PLAIN);
    expect(invalid).toContain('late / base: withheld: late invalid');
    expect(invalid).not.toContain('×');
  });

  it('says when a difference does not show, and when the run was cut short', () => {
    const same = terminalReport(resultOf([{ name: 'a' }, { name: 'b' }], { interrupted: true }), PLAIN);
    expect(same).toMatch(/p50 [01]\.\d+× \([^)]+\), no difference shown/);
    expect(same).toContain('interrupted before its end');
  });

  it('speaks of no ratios where there is a single arm', () => {
    expect(terminalReport(resultOf([{ name: 'alone' }]), PLAIN)).not.toContain('Ratios');
  });
});

describe('wrapping', () => {
  it('breaks at spaces, indents what follows, and keeps a number with its unit', () => {
    expect(wrap('late by 10 % of 5 ms so 5 seconds', 12, '- ', '  ')).toEqual([
      '- late by',
      '  10 % of',
      '  5 ms so 5',
      '  seconds',
    ]);
  });

  it('leaves a word that is too long for a line whole', () => {
    expect(wrap('a unbreakable b', 4)).toEqual(['a', 'unbreakable', 'b']);
  });
});
