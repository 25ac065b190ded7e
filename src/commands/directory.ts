import { constants, createWriteStream, type WriteStream } from 'node:fs';
import { access, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { LatencyHistogram, type SecondRow } from '../recording/recording.ts';
import { HlogWriter, hgrmOf, markdownReport } from '../report/report.ts';
import { type Result, serialiseResult } from '../result/result.ts';
import { InputError } from '../std/errors.ts';
import { makeFolder } from './folder.ts';

const SECONDS_FILE = 'seconds.hlog';

/** Where a run's reports go. It is known to be writable before any load is sent. */
export class ReportDirectory {
  readonly path: string;
  readonly #file: WriteStream;
  readonly #seconds: HlogWriter;
  #failure: Error | undefined;

  private constructor(path: string, name: string) {
    this.path = path;
    this.#file = createWriteStream(join(path, SECONDS_FILE));
    this.#file.on('error', (error) => {
      this.#failure = error;
    });
    this.#seconds = new HlogWriter((text) => this.#file.write(text), Date.now(), [
      `sealbench: ${name}; response times of successes in ns, of every second of each arm's own time line`,
      'unmeasured phases are tagged ARM/warm-up',
    ]);
  }

  /** @throws InputError E_OUTPUT */
  static async create(name: string, chosen: string | undefined): Promise<ReportDirectory> {
    const path = chosen ?? join('reports', `${name}-${new Date().toISOString().replace(/\.\d+|[-:]/g, '')}`);
    try {
      makeFolder(path);
      await access(path, constants.W_OK);
    } catch (error) {
      throw unwritable(path, error);
    }
    return new ReportDirectory(path, name);
  }

  addSeconds(arm: string, seconds: readonly SecondRow[]): void {
    for (const { second, measured, response } of seconds) {
      const histogram = LatencyHistogram.from(response).toHdr();
      this.#seconds.interval({
        tag: measured ? arm : `${arm}/warm-up`,
        start_s: second,
        length_s: 1,
        histogram,
      });
    }
  }

  async closeSeconds(): Promise<void> {
    this.#file.end();
    await finished(this.#file).catch(() => {});
  }

  /** Leaves nothing of a run that measured nothing. */
  async discard(): Promise<void> {
    await rm(join(this.path, SECONDS_FILE), { force: true });
    // What others keep in it stays.
    await rmdir(this.path).catch(() => {});
  }

  /** @throws InputError E_OUTPUT */
  async write(result: Result): Promise<void> {
    try {
      await writeFile(join(this.path, 'result.json'), serialiseResult(result));
      await writeFile(join(this.path, 'report.md'), markdownReport(result));
      for (const arm of result.arms) {
        await writeFile(join(this.path, `${fileName(arm.name)}.hgrm`), hgrmOf(arm));
      }
    } catch (error) {
      throw error instanceof InputError ? error : unwritable(this.path, error);
    }
    if (this.#failure) throw unwritable(join(this.path, SECONDS_FILE), this.#failure);
  }
}

/** Arm names are the user's: what a file name can't hold becomes `_`. */
function fileName(arm: string): string {
  return arm.replace(/[^\w.-]/g, '_');
}

function unwritable(path: string, error: unknown): InputError {
  return new InputError('E_OUTPUT', {
    what: `can't be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}).`,
    where: path,
    remedy: 'Give a directory that you may write to, with --out DIR.',
  });
}
