import { decodeFromCompressedBase64, type Histogram, HistogramLogWriter } from 'hdr-histogram-js';
import type { ArmResult, Result } from '../result/types.ts';
import { failedOf } from './rows.ts';

const NS_PER_MS = 1e6;
/** Lines for each halving of the distance to 100 %, as HdrHistogram's own tools print. */
const TICKS_PER_HALF_DISTANCE = 5;

export interface HlogInterval {
  /** E.g. `fresh/get`; what a tag can't hold becomes `_`. */
  tag: string;
  /** On the log's own time line. */
  start_s: number;
  length_s: number;
  /** Values in ns. */
  histogram: Histogram;
}

/** Writes an `.hlog` (HistogramLogWriter format 1.3, V2 histograms) line by line while a run goes on. */
export class HlogWriter {
  readonly #writer: HistogramLogWriter;

  /** @param write takes complete lines; `startedAt_ms` is the base that intervals are relative to. */
  constructor(write: (text: string) => void, startedAt_ms: number, comments: readonly string[] = []) {
    this.#writer = new HistogramLogWriter(write);
    this.#writer.outputLogFormatVersion();
    for (const comment of comments) this.#writer.outputComment(oneLine(comment));
    const base_s = (startedAt_ms / 1e3).toFixed(3);
    const date = new Date(startedAt_ms).toISOString();
    this.#writer.outputComment(`[StartTime: ${base_s} (seconds since epoch), ${date}]`);
    this.#writer.outputComment(`[BaseTime: ${base_s} (seconds since epoch)]`);
    this.#writer.outputLegend();
  }

  interval({ tag, start_s, length_s, histogram }: HlogInterval): void {
    histogram.tag = tag.replace(/[\s,=]/g, '_');
    this.#writer.outputIntervalHistogram(histogram, start_s, start_s + length_s, NS_PER_MS);
  }
}

/** The arms' whole distributions, a line for each arm and kind: a result file keeps no single seconds. */
export function hlog(result: Result): string {
  const lines: string[] = [];
  const writer = new HlogWriter((line) => lines.push(line), Date.parse(result.startedAt), [
    `sealbench ${result.environment.sealbench}: ${result.name}; response times of successes in ns, the maximum in ms`,
    'totals of the measured phases; the run itself writes every second',
  ]);
  for (const arm of result.arms) {
    const { achieved_per_s } = arm.rate;
    const answered = arm.operations.all.count - failedOf(arm.operations.all);
    const length_s = achieved_per_s ? answered / achieved_per_s : 0;
    for (const [kind, operation] of Object.entries(arm.operations)) {
      const histogram = decodeFromCompressedBase64(operation.response_ns.hdr);
      writer.interval({ tag: `${arm.name}/${kind}`, start_s: 0, length_s, histogram });
    }
  }
  return lines.join('');
}

/** An arm's response times as HdrHistogram's plotter reads them, in ms; it skips lines that start with `#`. */
export function hgrmOf(arm: ArmResult): string {
  const { early, missing, response_ns } = arm.operations.all;
  const histogram = decodeFromCompressedBase64(response_ns.hdr);
  const failed = failedOf(arm.operations.all);
  const nothing = early + missing > 0 ? `, ${early + missing} that found nothing` : '';
  const left =
    failed + arm.unissued + early + missing > 0
      ? `# Of successes: ${failed} failed${nothing} and ${arm.unissued} never started operations are in no line.\n`
      : '';
  return left + histogram.outputPercentileDistribution(TICKS_PER_HALF_DISTANCE, NS_PER_MS);
}

/** Every arm's distribution, each under a comment with its name where there are several. */
export function hgrm(result: Result): string {
  if (result.arms.length === 1) return hgrmOf(result.arms[0]!);
  return result.arms.map((arm) => `# ${oneLine(arm.name)}\n${hgrmOf(arm)}`).join('\n');
}

function oneLine(text: string): string {
  return text.replace(/[\r\n]+/g, ' ');
}
