/** What traces ask of a store. Inserts are puts here: which keys are new is the trace's own affair. */
export type TraceOperation = 'get' | 'put' | 'update' | 'delete' | 'scan';

/** One recorded request. */
export interface TraceRecord {
  /** Since the Unix epoch, or since whatever the trace counts from: in ns, today's dates would not be exact. */
  time_us: number;
  /** 32-bit hash of the client's name; 0 where the trace names none. */
  client: number;
  operation: TraceOperation;
  /** 53-bit hash of the key. */
  key: number;
  /** Of the item; 0 where the trace doesn't say. */
  bytes: number;
}

export const TRACE_FORMATS = ['csv', 'twitter', 'access-log'] as const;

/** How a trace is read. */
export interface TraceFormat {
  format: (typeof TRACE_FORMATS)[number];
  /** Of a CSV file. */
  columns: TraceColumns;
  /** Of a CSV file's times: a number of these, µs; undefined for dates in ISO 8601. */
  unit_us?: number;
  /** Of a CSV file: words of its own for operations, in lower case. */
  words: Record<string, TraceOperation>;
}

/** Where a CSV file has what: a column's name in its first line, or its number, counted from 1. */
export interface TraceColumns {
  time: string | number;
  key: string | number;
  client?: string | number;
  operation?: string | number;
  bytes?: string | number;
}

/** What a trace holds, from one pass through it. */
export interface TraceSurvey {
  records: number;
  /** Lines that are no record: left out. */
  broken: number;
  /** The first few of them. */
  brokenLines: { line: number; reason: string }[];
  /** Records earlier than one before them: replayed at that one's time. */
  disordered: number;
  /** From the first to the last record's time, one tick of its clock included. */
  span_us: number;
  first_us: number;
  /** Its clock's tick, when it is a second or a millisecond, else 0: records of one tick are spread over it. */
  tick_us: number;
  /** Distinct ones, counted up to a million. */
  clients: number;
  keys: number;
}

/** Of a trace that nobody has looked into. */
export function emptySurvey(): TraceSurvey {
  return {
    records: 0,
    broken: 0,
    brokenLines: [],
    disordered: 0,
    span_us: 0,
    first_us: 0,
    tick_us: 0,
    clients: 0,
    keys: 0,
  };
}

/** A trace's records in the order of the file. */
export interface TraceRecords {
  /** The next record, undefined after the last. Times never decrease: a disordered record has the time before it. */
  next(): TraceRecord | undefined;
  close(): void;
}
