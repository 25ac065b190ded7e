import { closeSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 256 * 1024;
/** A longer line is no record of anything. */
const LINE_BYTES_MAX = 64 * 1024;
export const TOO_LONG = 'longer than 64 KiB';

/** What `next` returns for a line that is too long to be kept. */
export const LONG_LINE = Symbol('a line that is too long');

/**
 * The lines of a file of any size in bounded memory, read synchronously: a lane asks for its next operation in the
 * middle of its loop, and a chunk takes a fraction of a millisecond.
 */
export class LineFile {
  readonly #descriptor: number;
  readonly #chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  #length = 0;
  #at = 0;
  #position = 0;
  #ended = false;

  /** @throws the file system's error */
  constructor(path: string) {
    this.#descriptor = openSync(path, 'r');
  }

  /** The next line without its end, undefined after the last. */
  next(): string | typeof LONG_LINE | undefined {
    let parts = '';
    let length = 0;
    for (;;) {
      if (this.#at === this.#length && !this.#read()) {
        if (length === 0) return undefined;
        return length > LINE_BYTES_MAX ? LONG_LINE : withoutReturn(parts);
      }
      const end = this.#chunk.subarray(0, this.#length).indexOf(0x0a, this.#at);
      const until = end < 0 ? this.#length : end;
      length += until - this.#at + (end < 0 ? 0 : 1);
      if (length <= LINE_BYTES_MAX + 1) parts += this.#chunk.toString('latin1', this.#at, until);
      this.#at = end < 0 ? until : until + 1;
      if (end >= 0) return length > LINE_BYTES_MAX + 1 ? LONG_LINE : withoutReturn(parts);
    }
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #read(): boolean {
    if (this.#ended) return false;
    // By position, so that pipes and devices, which have none, are refused and not waited for.
    this.#length = readSync(this.#descriptor, this.#chunk, 0, CHUNK_BYTES, this.#position);
    this.#position += this.#length;
    this.#at = 0;
    this.#ended = this.#length === 0;
    return !this.#ended;
  }
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}
