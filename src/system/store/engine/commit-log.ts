import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fdatasync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  write,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

/** Records by latin1 text of their key, as they are to be; `undefined` where one is to be removed. */
export type Changes = ReadonlyMap<string, Buffer | undefined>;

/** Of each of the two halves of the file. */
const HALF_BYTES = 2 ** 22;

/**
 * A frame is what one commit holds: salt, generation, bytes that the generation before came to, bytes of the body,
 * CRC-32 of all the rest; then the body, for each record bytes of the key, bytes of the value, key and value. A half's
 * first frame draws the salt of those that follow, so that nothing an earlier generation left there, whoever chose its
 * bytes, reads as one of them. Where a generation ended is known from the next: a commit that failed may be behind it.
 */
const SALT_BYTES = 16;
const GENERATION_OFFSET = SALT_BYTES;
const BEFORE_OFFSET = GENERATION_OFFSET + 6;
const LENGTH_OFFSET = BEFORE_OFFSET + 4;
const CRC_OFFSET = LENGTH_OFFSET + 4;
const HEADER_BYTES = CRC_OFFSET + 4;
const RECORD_BYTES = 2 + 4;
/** In place of a value's length. */
const REMOVED = 0xffff_ffff;

/** Where it means what it says, it saves the second call. */
const FLUSHING = process.platform === 'linux' ? constants.O_DSYNC : 0;

/**
 * A write-ahead log: what was committed and is not in the database yet. A commit costs one write into a file that is
 * there in full, which the disk takes in one flush; a database that never overwrites needs two, and a page for each
 * record. Generations take turns in the file's halves: one is being brought into the database while the next fills.
 */
export class CommitLog {
  readonly #file: number;
  #generation: number;
  #salt = randomBytes(SALT_BYTES);
  #end = 0;
  /** Where the generation before ended. */
  #before = 0;
  readonly #halves = [Buffer.allocUnsafeSlow(HALF_BYTES), Buffer.allocUnsafeSlow(HALF_BYTES)];

  /** @param applied generation up to which everything is in the database */
  constructor(directory: string, applied: number) {
    this.#file = openLog(directory);
    this.#generation = applied + 1;
  }

  /** The one that commits go to. */
  get generation(): number {
    return this.#generation;
  }

  /** Whether the half in use has room for it. */
  fits(changes: Changes): boolean {
    return this.#end + frameBytes(changes) <= HALF_BYTES;
  }

  /**
   * Resolves once the changes would survive a crash, with a copy of them that is good until its half is used again.
   * When it rejects they may survive one or not.
   */
  async append(changes: Changes): Promise<Changes> {
    const start = this.#end;
    const bytes = frameBytes(changes);
    const half = this.#halves[this.#generation % 2]!;
    const kept = this.#encode(changes, half.subarray(start, start + bytes));
    await this.#write(half, start, bytes);
    this.#end += bytes;
    return kept;
  }

  /** Starts the next generation in the other half, whose own must be in the database. */
  turn(): void {
    this.#generation += 1;
    this.#salt = randomBytes(SALT_BYTES);
    this.#before = this.#end;
    this.#end = 0;
  }

  close(): void {
    closeSync(this.#file);
  }

  #encode(changes: Changes, frame: Buffer): Changes {
    const kept = new Map<string, Buffer | undefined>();
    this.#salt.copy(frame, 0);
    frame.writeUIntBE(this.#generation, GENERATION_OFFSET, 6);
    frame.writeUInt32BE(this.#before, BEFORE_OFFSET);
    frame.writeUInt32BE(frame.length - HEADER_BYTES, LENGTH_OFFSET);
    let offset = HEADER_BYTES;
    for (const [key, value] of changes) {
      frame.writeUInt16BE(key.length, offset);
      frame.writeUInt32BE(value === undefined ? REMOVED : value.length, offset + 2);
      offset += RECORD_BYTES;
      offset += frame.write(key, offset, 'latin1');
      const end = offset + (value?.copy(frame, offset) ?? 0);
      kept.set(key, value && frame.subarray(offset, end));
      offset = end;
    }
    frame.writeUInt32BE(checksum(frame), CRC_OFFSET);
    return kept;
  }

  #write(half: Buffer, start: number, bytes: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null) => (error === null ? resolve() : reject(error));
      write(this.#file, half, start, bytes, halfOffset(this.#generation) + start, (error, written) => {
        if (error !== null) reject(error);
        else if (written < bytes) reject(new Error('The log took only a part of a commit.'));
        else if (FLUSHING === 0) fdatasync(this.#file, settle);
        else resolve();
      });
    });
  }
}

/**
 * What the log has beyond `applied`, in order, with the generation that each part is of: at most two.
 * @throws Error when something of it is damaged that was committed
 */
export function* logged(
  directory: string,
  applied: number,
): Generator<{ generation: number; changes: Changes }> {
  if (!existsSync(logPath(directory))) return;
  const file = openSync(logPath(directory), 'r');
  try {
    const [older, newer] = [framesOf(file, applied + 1), framesOf(file, applied + 2)];
    const end = newer[0]?.readUInt32BE(BEFORE_OFFSET);
    let offset = 0;
    for (const frame of older) {
      if (offset === end) break;
      yield { generation: applied + 1, changes: decode(frame) };
      offset += frame.length;
    }
    if (end !== undefined && offset !== end) throw new Error('its log of commits is damaged');
    for (const frame of newer) yield { generation: applied + 2, changes: decode(frame) };
  } finally {
    closeSync(file);
  }
}

/** Ends where the generation does: at a frame of another one, or at one that a crash cut short. */
function framesOf(file: number, generation: number): Buffer[] {
  const whole = Buffer.allocUnsafeSlow(HALF_BYTES);
  const half = whole.subarray(0, readSync(file, whole, 0, HALF_BYTES, halfOffset(generation)));
  const salt = half.subarray(0, SALT_BYTES);
  const frames: Buffer[] = [];
  for (let offset = 0; offset + HEADER_BYTES <= half.length; ) {
    const rest = half.subarray(offset);
    const bytes = HEADER_BYTES + rest.readUInt32BE(LENGTH_OFFSET);
    if (rest.readUIntBE(GENERATION_OFFSET, 6) !== generation || bytes > rest.length) break;
    const frame = rest.subarray(0, bytes);
    if (salt.compare(frame, 0, SALT_BYTES) !== 0 || frame.readUInt32BE(CRC_OFFSET) !== checksum(frame)) break;
    frames.push(frame);
    offset += bytes;
  }
  return frames;
}

function decode(frame: Buffer): Changes {
  const changes = new Map<string, Buffer | undefined>();
  for (let offset = HEADER_BYTES; offset < frame.length; ) {
    const keyStart = offset + RECORD_BYTES;
    const valueStart = keyStart + frame.readUInt16BE(offset);
    const valueBytes = frame.readUInt32BE(offset + 2);
    const removed = valueBytes === REMOVED;
    offset = removed ? valueStart : valueStart + valueBytes;
    const value = removed ? undefined : Buffer.from(frame.subarray(valueStart, offset));
    changes.set(frame.toString('latin1', keyStart, valueStart), value);
  }
  return changes;
}

function frameBytes(changes: Changes): number {
  let bytes = HEADER_BYTES;
  for (const [key, value] of changes) bytes += RECORD_BYTES + key.length + (value?.length ?? 0);
  return bytes;
}

function checksum(frame: Buffer): number {
  return crc32(frame.subarray(HEADER_BYTES), crc32(frame.subarray(0, CRC_OFFSET)));
}

function halfOffset(generation: number): number {
  return (generation % 2) * HALF_BYTES;
}

function logPath(directory: string): string {
  return join(directory, 'commits.log');
}

/** Written in full beforehand: a commit then changes nothing of the file but its bytes. */
function openLog(directory: string): number {
  const file = openSync(logPath(directory), constants.O_RDWR | constants.O_CREAT | FLUSHING, 0o664);
  if (fstatSync(file).size < 2 * HALF_BYTES) {
    writeSync(file, Buffer.alloc(2 * HALF_BYTES), 0, 2 * HALF_BYTES, 0);
    fsyncSync(file);
    if (process.platform !== 'win32') flushDirectory(directory);
  }
  return file;
}

function flushDirectory(directory: string): void {
  const file = openSync(directory, 'r');
  fsyncSync(file);
  closeSync(file);
}
