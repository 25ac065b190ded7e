import { HistogramLogReader, listTags } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { diffResults } from '../../src/compare/compare.ts';
import { LatencyHistogram } from '../../src/recording/recording.ts';
import { diffReport, formats, HlogWriter, hgrmOf, markdownReport } from '../../src/report/report.ts';
import { resultOf, THREE_ARMS } from './results.ts';

const result = resultOf(THREE_ARMS);

describe('.hlog', () => {
  it('is read back by HistogramLogReader to the same counts and maxima, second by second', () => {
    const lines: string[] = [];
    const writer = new HlogWriter((text) => lines.push(text), Date.UTC(2026, 0, 1), ['two\nlines']);
    const seconds = [1, 2, 3].map((second) => {
      const histogram = new LatencyHistogram();
      for (let i = 0; i < 50 * second; i++) histogram.record(1_000_003 * (i + second));
      writer.interval({ tag: 'fresh, get=1', start_s: second, length_s: 1, histogram: histogram.toHdr() });
      return histogram;
    });
    const text = lines.join('');
    expect(listTags(text)).toEqual(['fresh__get_1']);
    const reader = new HistogramLogReader(text);
    for (const [i, written] of seconds.entries()) {
      const read = reader.nextIntervalHistogram()!;
      expect(read.totalCount).toBe(written.count);
      expect(read.getValueAtPercentile(90)).toBe(written.toHdr().getValueAtPercentile(90));
      expect(read.startTimeStampMsec).toBe(Date.UTC(2026, 0, 1) + (i + 1) * 1000);
      expect(read.endTimeStampMsec - read.startTimeStampMsec).toBe(1000);
    }
    expect(reader.nextIntervalHistogram()).toBeNull();
    // Maxima stand beside in ms.
    expect(text).toContain(`,1.000,${(seconds[0]!.max_ns / 1e6).toFixed(3)},HIST`);
  });

  it('of a result has every arm and kind under a tag of its own', () => {
    const text = formats.hlog!(result);
    expect(listTags(text)).toEqual(
      ['keep-alive', 'resumed', 'fresh'].flatMap((arm) =>
        ['all', 'get', 'put'].map((kind) => `${arm}/${kind}`),
      ),
    );
    expect(new HistogramLogReader(text).nextIntervalHistogram()!.totalCount).toBe(1500);
  });
});

describe('.hgrm', () => {
  it('is what the plotter reads: value in ms, percentile, count, and 1/(1 − percentile)', () => {
    const text = hgrmOf(result.arms[0]!);
    expect(text.split('\n')[0]!.trim().split(/\s+/)).toEqual([
      'Value',
      'Percentile',
      'TotalCount',
      '1/(1-Percentile)',
    ]);
    const rows = text
      .split('\n')
      .filter((line) => /^\s+\d/.test(line))
      .map((line) => line.trim().split(/\s+/).map(Number));
    const median = rows.find(([, percentile]) => percentile === 0.5)!;
    expect((median[0]! * 1e6) / result.arms[0]!.operations.all.response_ns.p50!).toBeCloseTo(1, 2);
    expect(rows.at(-1)!.slice(1)).toEqual([1, 1500]);
    for (const [i, row] of rows.entries()) if (i > 0) expect(row[0]).toBeGreaterThanOrEqual(rows[i - 1]![0]!);
  });

  it('says which operations it leaves out', () => {
    const failing = resultOf([{ name: 'a', failEvery: 50, unissued: 3 }]);
    expect(hgrmOf(failing.arms[0]!)).toMatch(/^# Of successes: 20 failed and 3 never started .*\n +Value/);
  });

  it('names its arms where there are several', () => {
    expect(formats.hgrm!(result).match(/^# (?!Of).*/gm)).toEqual(['# keep-alive', '# resumed', '# fresh']);
  });
});

describe('csv', () => {
  it('has a line for each arm and kind, all as long as the first, and nothing for what is withheld', () => {
    const named = resultOf([{ name: 'a, "quoted"' }]);
    const lines = formats.csv!(named).trimEnd().split('\r\n');
    expect(lines).toHaveLength(4);
    expect(lines[1]!.startsWith('"a, ""quoted""",all,valid,1500,0,')).toBe(true);
    const [head, ...rows] = formats.csv!(result)
      .trimEnd()
      .split('\r\n')
      .map((line) => line.split(','));
    for (const row of rows) expect(row).toHaveLength(head!.length);
    expect(rows[0]![head!.indexOf('response_p999_ns')]).toBe('');
    expect(rows[0]![head!.indexOf('response_p50_ns')]).toBe(
      String(result.arms[0]!.operations.all.response_ns.p50),
    );
  });
});

describe('json', () => {
  it('is the result', () => {
    expect(JSON.parse(formats.json!(result))).toEqual(JSON.parse(JSON.stringify(result)));
  });
});

describe('markdown', () => {
  const text = markdownReport(result);

  it('has the tables, with as many cells in every row', () => {
    for (const table of text.split('\n\n').filter((section) => section.startsWith('|'))) {
      const widths = new Set(
        table
          .trimEnd()
          .split('\n')
          .map((row) => row.replaceAll('\\|', '').split('|').length),
      );
      expect(widths.size).toBe(1);
    }
    expect(text).toContain('| key cache, hit rate | 99.0 % | 0 % | 0 % |');
    expect(text).toMatch(
      /\| resumed \/ keep-alive \| p50 \| 3\.\d\d× \| 3\.\d\d–3\.\d\d \(95 %, 10 blocks\) \|/,
    );
    expect(text).toContain('| resumed / keep-alive | KMS calls | 104× | exact count, no sampling error |');
    expect(text).toContain('| keep-alive | requests: client = server | ok | client 1666, server 1666 |');
    expect(text).toContain('| connections | keep-alive, TLS | resumed, TLS | fresh, TLS |');
  });

  it('says where and how it was measured', () => {
    expect(text).toContain('Fake CPU, 2 cores, 8 GiB, commit 0123abc');
    expect(text).toContain('- **fresh**: suspect\n  - 20 of 1500 operations failed');
    expect(text).toContain('Response time counts from when an operation was due');
  });

  it('takes names and messages for text', () => {
    const odd = markdownReport(resultOf([{ name: 'a|b <script> [x](y)\n# z' }]));
    expect(odd).toContain('a\\|b \\<script\\> \\[x\\](y) # z');
    expect(odd).not.toMatch(/^# z/m);
  });
});

describe('the diff report', () => {
  it('shows both figures, their ratio and what limits it', () => {
    const slower = resultOf([{ name: 'keep-alive', p50_ms: 1.8 }, { name: 'other' }], { seed: 7 });
    const text = diffReport(diffResults(result, slower, { confidence: 0.95 }), { color: false, width: 100 });
    expect(text).toMatch(/^keep-alive +a +b +b \/ a \(95 %\)$/m);
    expect(text).toMatch(/^p50 +1\.21 ms +1\.\d\d ms +1\.\d\d× \(1\.\d\d–1\.\d\d\)$/m);
    expect(text).toMatch(/^KMS calls +0\.00960 +0\.00960 +1\.00×$/m);
    expect(text).toContain('Only in a: resumed, fresh.');
    expect(text).toContain('Only in b: other.');
    expect(text).toContain('- The runs took place at different times');
  });
});
