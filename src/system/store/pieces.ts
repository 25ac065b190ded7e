/** Long work on records in pieces that hold up nobody: what a backup or a restored table is made by. */
import type { EngineRecord, RangeOptions } from './engine/engine.ts';

const PIECE_BYTES = 256 * 1024;

export interface Piece {
  records: EngineRecord[];
  /** Nothing of the range comes after it. */
  last: boolean;
}

/** The first records of a range, at most `limit` of them. */
export function readPiece(
  source: { range(options: RangeOptions): Iterable<EngineRecord> },
  range: RangeOptions,
  limit: number,
): Piece {
  const records: EngineRecord[] = [];
  let bytes = 0;
  for (const record of source.range(range)) {
    if (records.length === limit || bytes >= PIECE_BYTES) return { records, last: false };
    records.push(record);
    bytes += record.value.length;
  }
  return { records, last: true };
}

/** However much work there is, one piece of it at a time, and each work's next after the others'. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  next<Result>(piece: () => Promise<Result>): Promise<Result> {
    const turn = this.#last.then(piece);
    this.#last = turn.catch(() => {});
    return turn;
  }
}
