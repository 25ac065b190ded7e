import { createReadStream, mkdirSync, readdirSync } from 'node:fs';
import { appendFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Clock } from '../../std/clock.ts';
import { InputError } from '../../std/errors.ts';
import type { TrailRecord } from './types.ts';

/** Where the trail is written; a file is begun when the one before is full or old, and the oldest goes. */
export interface TrailFilesOptions {
  directory: string;
  /** Files kept. Default 64. */
  files?: number;
  /** Of a file, about. Default 16 MiB. */
  maxBytes?: number;
  /** Of a file. Default 1 h. */
  maxAge_ms?: number;
  /** Told once when events can't be written, and once when they can again. */
  onProblem: (text: string) => void;
}

const FLUSH_AFTER_MS = 100;
/** Events that wait for a disk that does not take them; what comes beyond is lost, and counted. */
const WAITING_BYTES_MAX = 16 * 1024 * 1024;
const NAME = /^\d{12}_CloudTrail_[a-z0-9-]+_\d{8}T\d{6}Z_(\d{8,})\.jsonl$/;

/**
 * Writes events to files named as CloudTrail names its own, one event a line, from behind: no request waits for the
 * disk, and none fails with it. What was answered in the last tenth of a second before a crash may not be there.
 */
export class TrailFiles {
  readonly #options: Required<TrailFilesOptions>;
  readonly #prefix: string;
  readonly #clock: Clock;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #failing = false;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #sequence: number;
  #file: { path: string; bytes: number; begun_ms: number } | undefined;

  /** @throws InputError `E_TRAIL` for a directory that can't be used */
  constructor(options: TrailFilesOptions, source: { accountId: string; region: string }, clock: Clock) {
    this.#options = { files: 64, maxBytes: 16 * 1024 * 1024, maxAge_ms: 3_600_000, ...options };
    this.#prefix = `${source.accountId}_CloudTrail_${source.region}_`;
    this.#clock = clock;
    try {
      mkdirSync(options.directory, { recursive: true, mode: 0o700 });
      this.#sequence = sequenceOf(trailFileNames(options.directory).at(-1));
    } catch (cause) {
      throw unusable(options.directory, cause);
    }
  }

  add(record: TrailRecord): void {
    if (this.#waitingBytes > WAITING_BYTES_MAX) {
      this.#lost++;
      return;
    }
    const line = `${JSON.stringify(record)}\n`;
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_AFTER_MS);
  }

  /** Writes what waits. */
  async close(): Promise<void> {
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
  }

  async #write(): Promise<void> {
    const lines = this.#waiting;
    if (lines.length === 0) return;
    this.#waiting = [];
    this.#waitingBytes = 0;
    const text = lines.join('');
    try {
      const file = await this.#current();
      await appendFile(file.path, text, { mode: 0o600 });
      file.bytes += Buffer.byteLength(text);
      if (this.#failing) this.#recovered();
    } catch (error) {
      this.#lost += lines.length;
      // What was written of a line ends its file.
      this.#file = undefined;
      if (!this.#failing) this.#failed(error);
    }
  }

  async #current() {
    const now_ms = this.#clock.wall_ms();
    const { maxBytes, maxAge_ms, directory, files } = this.#options;
    const file = this.#file;
    if (file !== undefined && file.bytes < maxBytes && now_ms - file.begun_ms < maxAge_ms) return file;
    const time = new Date(now_ms).toISOString().replace(/[-:]|\.\d+/g, '');
    const name = `${this.#prefix}${time}_${String(++this.#sequence).padStart(8, '0')}.jsonl`;
    this.#file = { path: join(directory, name), bytes: 0, begun_ms: now_ms };
    const names = trailFileNames(directory);
    const old = names.slice(0, Math.max(0, names.length + 1 - files));
    await Promise.all(old.map((each) => rm(join(directory, each), { force: true })));
    return this.#file;
  }

  #failed(error: unknown): void {
    this.#failing = true;
    const { message } = error as Error;
    this.#options.onProblem(
      `The trail can't be written (${message}); requests go on, their events are lost.`,
    );
  }

  #recovered(): void {
    this.#failing = false;
    this.#options.onProblem(`The trail is written again; ${this.#lost} events were lost.`);
    this.#lost = 0;
  }
}

/** Events in a directory, oldest first; `onSkipped` hears of each line that is none, as a crash may leave one. */
export async function* readTrailFiles(directory: string, onSkipped: () => void): AsyncGenerator<TrailRecord> {
  let names: string[];
  try {
    names = trailFileNames(directory);
  } catch (cause) {
    throw unusable(directory, cause);
  }
  for (const name of names) {
    for await (const line of createInterface({ input: createReadStream(join(directory, name)) })) {
      const event = parsed(line);
      if (event === undefined) onSkipped();
      else yield event;
    }
  }
}

/** Names of trail files, oldest first. */
function trailFileNames(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => NAME.test(name));
  return names.sort((a, b) => sequenceOf(a) - sequenceOf(b));
}

function sequenceOf(name: string | undefined): number {
  return name === undefined ? 0 : Number(NAME.exec(name)![1]);
}

function parsed(line: string): TrailRecord | undefined {
  try {
    const event = JSON.parse(line) as TrailRecord;
    return typeof event?.eventName === 'string' && Array.isArray(event.resources) ? event : undefined;
  } catch {
    return undefined;
  }
}

function unusable(directory: string, cause: unknown): InputError {
  return new InputError(
    'E_TRAIL',
    {
      where: directory,
      what: `The trail can't be kept or read here: ${(cause as Error).message}.`,
      remedy: 'Give a directory that you may read and write.',
    },
    { cause },
  );
}
