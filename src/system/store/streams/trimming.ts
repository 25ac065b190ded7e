import type { Clock } from '../../../std/clock.ts';
import type { Engine } from '../engine/engine.ts';
import type { Chore } from '../housekeeping.ts';
import { keyringKey, streamHeadKey, streamKey, streamsOfName } from '../layout.ts';
import { compareSequences, firstAt, type SequenceNumber } from './sequence.ts';
import { dataKey, horizonAt, isOver, type StreamRecord, streams } from './stream-records.ts';

/** Records removed in one transaction: other writers wait for it. */
const BATCH_RECORDS = 500;
/** Nobody sees records that are a day old: they may lie about a little longer. */
const INTERVAL_MS = 3_600_000;

/** Removes stream records that are a day old, streams that ended a day ago, and the keys of tables that went with them. */
export class StreamTrimming implements Chore {
  readonly #engine: Engine;
  readonly #clock: Clock;
  /** What an earlier process left is looked at when the first stream is. */
  #next_ms = 0;

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  nextDue_ms(): number {
    for (const _ of this.#engine.range({ ...streamsOfName(), includeStart: true })) return this.#next_ms;
    return Number.POSITIVE_INFINITY;
  }

  async run(quietUntil_ms: number): Promise<void> {
    const now_ms = this.#clock.wall_ms();
    for (const stream of [...streams(this.#engine)]) {
      await this.#trim(stream, horizonAt(now_ms));
      if (isOver(stream, now_ms)) await this.#forget(stream);
    }
    this.#next_ms = Math.max(now_ms + INTERVAL_MS, quietUntil_ms);
  }

  async #trim({ table, start, end }: StreamRecord, horizon_ms: number): Promise<void> {
    const until = earlierOf(firstAt(Math.max(0, horizon_ms)), end);
    const range = {
      start: dataKey(table.number, start),
      end: dataKey(table.number, until),
      includeStart: true,
    };
    for (let keys = this.#some(range); keys.length > 0; keys = this.#some(range)) {
      await this.#engine.write((transaction) => {
        for (const key of keys) transaction.remove(key);
      });
      this.#engine.refresh();
    }
  }

  #some(range: { start: Buffer; end: Buffer; includeStart: boolean }): Buffer[] {
    const keys: Buffer[] = [];
    for (const { key } of this.#engine.range(range)) {
      keys.push(key);
      if (keys.length === BATCH_RECORDS) break;
    }
    return keys;
  }

  /** A table's last stream outlives the table by a day, and the table's keys outlive it as long. */
  async #forget({ table, label, orphaned }: StreamRecord): Promise<void> {
    await this.#engine.write((transaction) => {
      transaction.remove(streamKey(table.name, label));
      if (!orphaned) return;
      transaction.remove(keyringKey(table.number));
      transaction.remove(streamHeadKey(table.number));
    });
    this.#engine.refresh();
  }
}

function earlierOf(a: SequenceNumber, b: SequenceNumber | undefined): SequenceNumber {
  return b === undefined || compareSequences(a, b) < 0 ? a : b;
}
