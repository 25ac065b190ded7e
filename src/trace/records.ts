import { createLineReader } from './formats.ts';
import { LineFile, LONG_LINE, TOO_LONG } from './reader.ts';
import type { TraceFormat, TraceRecords } from './types.ts';

export interface TraceOptions {
  file: string;
  format: TraceFormat;
  /** Of every line that is no record. */
  onBroken?: (line: number, reason: string) => void;
  onDisordered?: () => void;
}

/** @throws the file system's error; Error a column is not there */
export function openRecords({ file, format, onBroken, onDisordered }: TraceOptions): TraceRecords {
  const lines = new LineFile(file);
  const read = createLineReader(format);
  let number = 0;
  let last_us = Number.NEGATIVE_INFINITY;
  return {
    next() {
      for (;;) {
        const line = lines.next();
        if (line === undefined) return undefined;
        number++;
        const record = line === LONG_LINE ? TOO_LONG : read(line);
        if (record === undefined) continue;
        if (typeof record === 'string') {
          onBroken?.(number, record);
          continue;
        }
        if (record.time_us < last_us) {
          onDisordered?.();
          record.time_us = last_us;
        }
        last_us = record.time_us;
        return record;
      }
    },
    close: () => lines.close(),
  };
}

/**
 * The same, with the records of one tick of the trace's clock spread evenly over it: a clock of seconds would have
 * them all fall due at once, in bursts that nobody sent. A second pass runs ahead to count each tick's.
 */
export function openSpreadRecords(options: TraceOptions, tick_us: number): TraceRecords {
  const records = openRecords(options);
  if (tick_us === 0) return records;
  const ahead = openRecords({ file: options.file, format: options.format });
  let following = ahead.next();
  let tick = Number.NaN;
  let gap_us = 0;
  let place = 0;
  return {
    next() {
      const record = records.next();
      if (!record) return undefined;
      if (record.time_us !== tick) {
        tick = record.time_us;
        let count = 0;
        while (following?.time_us === tick) {
          count++;
          following = ahead.next();
        }
        gap_us = tick_us / count;
        place = 0;
      }
      record.time_us = tick + place++ * gap_us;
      return record;
    },
    close() {
      records.close();
      ahead.close();
    },
  };
}
