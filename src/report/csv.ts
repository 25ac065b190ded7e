import type { ArmResult, OperationSummary, Result } from '../result/types.ts';
import { failedOf } from './rows.ts';

type Cell = string | number | null;

const COLUMNS: readonly (readonly [
  string,
  (arm: ArmResult, kind: string, operation: OperationSummary) => Cell,
])[] = [
  ['arm', (arm) => arm.name],
  ['operation', (_, kind) => kind],
  ['verdict', (arm) => arm.verdict.value],
  ['count', (_, __, operation) => operation.count],
  ['failed', (_, __, operation) => failedOf(operation)],
  ['early', (_, __, operation) => operation.early],
  ['missing', (_, __, operation) => operation.missing],
  ...timeColumns('response_ns'),
  ...timeColumns('service_ns'),
  ['planned_per_s', (arm) => arm.rate.planned_per_s],
  ['offered_per_s', (arm) => arm.rate.offered_per_s],
  ['achieved_per_s', (arm) => arm.rate.achieved_per_s],
  ['unissued', (arm) => arm.unissued],
  ['operations_total', (arm) => arm.operations_total],
  ['kms_calls_per_op', (arm) => arm.kms?.calls_per_op ?? null],
  ['cache_hit_rate', (arm) => arm.cache?.hit_rate ?? null],
  ['connections_opened', (arm) => arm.connections?.opened ?? null],
  ['cpu_us_per_op_lanes', (arm) => arm.cpu_us_per_op.lanes],
  ['cpu_us_per_op_store', (arm) => arm.cpu_us_per_op.store],
  ['cpu_us_per_op_kms', (arm) => arm.cpu_us_per_op.kms],
  ['cpu_us_per_op_pacing', (arm) => arm.cpu_us_per_op.pacing],
  ['cost_usd_per_million_ops', (arm) => arm.cost_usd_per_million_ops?.total ?? null],
];

function timeColumns(time: 'response_ns' | 'service_ns') {
  const figures = ['min', 'mean', 'p50', 'p90', 'p99', 'p999', 'max'] as const;
  return figures.map(
    (figure) =>
      [
        `${time.replace('_ns', '')}_${figure}_ns`,
        (_: ArmResult, __: string, operation: OperationSummary) => operation[time][figure],
      ] as const,
  );
}

/** A line for each arm and kind of operation (`all` first), RFC 4180; what is withheld is empty. */
export function csv(result: Result): string {
  const lines = [COLUMNS.map(([name]) => name).join(',')];
  for (const arm of result.arms) {
    for (const [kind, operation] of Object.entries(arm.operations)) {
      lines.push(COLUMNS.map(([, cell]) => quoted(cell(arm, kind, operation))).join(','));
    }
  }
  return `${lines.join('\r\n')}\r\n`;
}

function quoted(cell: Cell): string {
  const text = cell === null ? '' : String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
