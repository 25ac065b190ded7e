import type { RequestReader } from './request.ts';

/** What a request wants to know of its consumption (`ReturnConsumedCapacity`). */
export type CapacityReport = 'INDEXES' | 'TOTAL' | 'NONE';

export interface ConsumedCapacity {
  TableName: string;
  CapacityUnits: number;
  Table?: { CapacityUnits: number };
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

/** @returns undefined, which JSON leaves out, unless it was asked for */
export function consumedCapacity(
  report: CapacityReport,
  tableName: string,
  units: number,
): ConsumedCapacity | undefined {
  if (report === 'NONE') return undefined;
  const total = { TableName: tableName, CapacityUnits: units };
  return report === 'TOTAL' ? total : { ...total, Table: { CapacityUnits: units } };
}

/** The same as a further member of a response that is put together as text. */
export function consumedCapacityMember(report: CapacityReport, tableName: string, units: number): string {
  const consumed = consumedCapacity(report, tableName, units);
  return consumed === undefined ? '' : `"ConsumedCapacity":${JSON.stringify(consumed)}`;
}
