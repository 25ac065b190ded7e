/**
 * Sequence numbers: a wall time in ms, 13 digits, and a count within it, 8 digits. They grow with each change of a
 * table, whatever its clock does, and tell by themselves which shard a record belongs to and when it is trimmed.
 */
export interface SequenceNumber {
  ms: number;
  count: number;
}

const COUNTS = 1e8;
const COUNT_DIGITS = 8;
const TEXT = /^\d{21}$/;
/** 48 bits and 32 bits: orders as bytes do. */
export const SEQUENCE_BYTES = 10;

/** The number after `last`, and no earlier than `now_ms`. */
export function nextSequence(last: SequenceNumber | undefined, now_ms: number): SequenceNumber {
  const ms = Math.floor(now_ms);
  if (last === undefined || last.ms < ms) return { ms, count: 0 };
  return last.count + 1 < COUNTS ? { ms: last.ms, count: last.count + 1 } : { ms: last.ms + 1, count: 0 };
}

/** The first number of a time. */
export function firstAt(ms: number): SequenceNumber {
  return { ms, count: 0 };
}

/** The last number before a time. */
export function lastBefore(ms: number): SequenceNumber {
  return { ms: ms - 1, count: COUNTS - 1 };
}

export function compareSequences(a: SequenceNumber, b: SequenceNumber): number {
  return a.ms - b.ms || a.count - b.count;
}

export function laterOf(a: SequenceNumber, b: SequenceNumber): SequenceNumber {
  return compareSequences(a, b) < 0 ? b : a;
}

/** 21 decimal digits. */
export function sequenceText({ ms, count }: SequenceNumber): string {
  return String(ms).padStart(13, '0') + String(count).padStart(COUNT_DIGITS, '0');
}

/** @returns undefined for what is no sequence number of ours */
export function parseSequence(text: string): SequenceNumber | undefined {
  if (!TEXT.test(text)) return undefined;
  return { ms: Number(text.slice(0, -COUNT_DIGITS)), count: Number(text.slice(-COUNT_DIGITS)) };
}

export function writeSequence(target: Buffer, offset: number, { ms, count }: SequenceNumber): void {
  target.writeUIntBE(ms, offset, 6);
  target.writeUInt32BE(count, offset + 6);
}

export function readSequence(source: Buffer, offset: number): SequenceNumber {
  return { ms: source.readUIntBE(offset, 6), count: source.readUInt32BE(offset + 6) };
}
