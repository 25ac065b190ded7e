import type { IndexRecord } from '../indexes/types.ts';
import type { RequestReader } from '../request.ts';

/** What a request wants to know of its consumption (`ReturnConsumedCapacity`). */
export type CapacityReport = 'INDEXES' | 'TOTAL' | 'NONE';

export interface ConsumedCapacity {
  TableName: string;
  CapacityUnits: number;
  Table?: { CapacityUnits: number };
  LocalSecondaryIndexes?: Record<string, { CapacityUnits: number }>;
  GlobalSecondaryIndexes?: Record<string, { CapacityUnits: number }>;
}

/** What an operation consumed of an index. */
export interface IndexUnits {
  name: string;
  kind: IndexRecord['kind'];
  units: number;
}

const READ_UNIT_BYTES = 4096;
const WRITE_UNIT_BYTES = 1024;

export function capacityReport(request: RequestReader): CapacityReport {
  return request.choice('ReturnConsumedCapacity', ['INDEXES', 'TOTAL', 'NONE']) ?? 'NONE';
}

/** A read of so many bytes: at least one unit of 4 KB, half of it if eventually consistent. */
export function readUnits(size_bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(size_bytes / READ_UNIT_BYTES)) * (consistent ? 1 : 0.5);
}

/** A write: at least one unit of 1 KB, of the larger of the sizes before and after. */
export function writeUnits(old_bytes: number, new_bytes: number): number {
  return Math.max(1, Math.ceil(Math.max(old_bytes, new_bytes) / WRITE_UNIT_BYTES));
}

/**
 * @param units of the table itself
 * @returns undefined, which JSON leaves out, unless it was asked for
 */
export function consumedCapacity(
  report: CapacityReport,
  tableName: string,
  units: number,
  indexes: readonly IndexUnits[] = [],
): ConsumedCapacity | undefined {
  if (report === 'NONE') return undefined;
  const sum = indexes.reduce((sum, index) => sum + index.units, units);
  const total = { TableName: tableName, CapacityUnits: sum };
  if (report === 'TOTAL') return total;
  return {
    ...total,
    Table: { CapacityUnits: units },
    LocalSecondaryIndexes: indexCapacity(indexes, 'local'),
    GlobalSecondaryIndexes: indexCapacity(indexes, 'global'),
  };
}

function indexCapacity(indexes: readonly IndexUnits[], kind: IndexUnits['kind']) {
  const entries = indexes
    .filter((index) => index.kind === kind)
    .map(({ name, units }) => [name, { CapacityUnits: units }] as const);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** The same as a further member of a response that is put together as text. */
export function consumedCapacityMember(
  report: CapacityReport,
  tableName: string,
  units: number,
  indexes: readonly IndexUnits[] = [],
): string {
  const consumed = consumedCapacity(report, tableName, units, indexes);
  return consumed === undefined ? '' : `"ConsumedCapacity":${JSON.stringify(consumed)}`;
}
