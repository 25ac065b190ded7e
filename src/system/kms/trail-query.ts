import type { TrailRecord } from './types.ts';

/** What a trail can be asked by. */
export const TRAIL_DIMENSIONS = ['operation', 'principal', 'table', 'key', 'error'] as const;
export type TrailDimension = (typeof TRAIL_DIMENSIONS)[number];

type Read = (event: TrailRecord) => string | null;

const READERS: Readonly<Record<TrailDimension, Read>> = {
  operation: (event) => event.eventName,
  /** The ARN of a user, the name of a service. */
  principal: ({ userIdentity }) => textOf(userIdentity.arn) ?? textOf(userIdentity.invokedBy),
  table: ({ requestParameters }) =>
    tableOf(requestParameters?.encryptionContext) ??
    tableOf(requestParameters?.destinationEncryptionContext) ??
    tableOf(memberOf(requestParameters?.constraints, 'encryptionContextSubset')) ??
    tableOf(memberOf(requestParameters?.constraints, 'encryptionContextEquals')),
  key: ({ resources }) => resources[0]?.ARN ?? null,
  error: (event) => event.errorCode ?? null,
};

/** Which events are meant: all of them without any member. */
export interface TrailFilter {
  /** An event has to have each of these. */
  where: Partial<Record<TrailDimension, string>>;
  /** Events of this time and later, in ms since the epoch. */
  since_ms?: number;
}

/** Events that are alike in the dimensions counted by; null where an event has none. */
export type TrailCount = Partial<Record<TrailDimension, string | null>> & { count: number };

/** What a query is made of; `problem` says what is wrong with it, and what is right. */
export interface TrailQuery {
  filter: TrailFilter;
  /** Events are told one by one without it. */
  countBy?: readonly TrailDimension[];
}

/**
 * Reads `count=operation,table`, `operation=Decrypt`, `since=2026-01-01T00:00:00Z` and the like.
 * @returns what is wrong with them, where something is
 */
export function readTrailQuery(parameters: Iterable<[string, string]>): TrailQuery | { problem: string } {
  const query: TrailQuery = { filter: { where: {} } };
  for (const [name, value] of parameters) {
    if (name === 'count') {
      const names = value.split(',');
      const unknown = names.find((dimension) => !isDimension(dimension));
      if (unknown !== undefined)
        return { problem: `'count' takes some of ${LIST}, with commas; not '${unknown}'` };
      query.countBy = [...new Set(names as TrailDimension[])];
    } else if (name === 'since') {
      const since_ms = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z)?$/.test(value)
        ? Date.parse(value)
        : Number.NaN;
      if (Number.isNaN(since_ms)) return { problem: `'since' takes a time such as 2026-01-31T12:00:00Z` };
      query.filter.since_ms = since_ms;
    } else if (isDimension(name)) {
      query.filter.where[name] = value;
    } else {
      return { problem: `no such parameter as '${name}'; there are: count, since, ${LIST}` };
    }
  }
  return query;
}

export function matches(event: TrailRecord, { where, since_ms }: TrailFilter): boolean {
  if (since_ms !== undefined && Date.parse(event.eventTime) < since_ms) return false;
  return TRAIL_DIMENSIONS.every((name) => where[name] === undefined || READERS[name](event) === where[name]);
}

/** Counts events as they come, in memory for the counts alone. */
export class TrailCounter {
  readonly #by: readonly TrailDimension[];
  readonly #counts = new Map<string, TrailCount>();

  constructor(by: readonly TrailDimension[]) {
    this.#by = by;
  }

  add(event: TrailRecord): void {
    const values = this.#by.map((name) => READERS[name](event));
    const key = JSON.stringify(values);
    const known = this.#counts.get(key);
    if (known !== undefined) known.count++;
    else
      this.#counts.set(key, {
        ...Object.fromEntries(this.#by.map((name, i) => [name, values[i]])),
        count: 1,
      });
  }

  /** Most first. */
  counts(): TrailCount[] {
    const entries = [...this.#counts].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : 1));
    return entries.map(([, count]) => count);
  }
}

const LIST = TRAIL_DIMENSIONS.join(', ');

function isDimension(name: string): name is TrailDimension {
  return (TRAIL_DIMENSIONS as readonly string[]).includes(name);
}

function tableOf(context: unknown): string | null {
  return textOf(memberOf(context, 'aws:dynamodb:tableName'));
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
