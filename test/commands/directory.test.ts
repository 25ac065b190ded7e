import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HistogramLogReader, listTags } from 'hdr-histogram-js';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ReportDirectory } from '../../src/commands/directory.ts';
import { LatencyHistogram } from '../../src/recording/recording.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'sealbench-directory-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

it('logs every second under the name of its arm, and those of unmeasured phases apart', async () => {
  const path = join(parent, 'reports');
  const directory = await ReportDirectory.create('name', path);
  const response = new LatencyHistogram();
  response.record(5_000_000);
  const row = { errors: 0, response: response.snapshot() };
  directory.addSeconds('fresh', [
    { ...row, second: 0, measured: false },
    { ...row, second: 1, measured: true },
    { ...row, second: 2, measured: true },
  ]);
  await directory.closeSeconds();
  const text = readFileSync(join(path, 'seconds.hlog'), 'utf8');
  expect(listTags(text)).toEqual(['fresh/warm-up', 'fresh']);
  const counts: number[] = [];
  const reader = new HistogramLogReader(text);
  for (let next = reader.nextIntervalHistogram(); next; next = reader.nextIntervalHistogram())
    counts.push(next.totalCount);
  expect(counts).toEqual([1, 1, 1]);
});
