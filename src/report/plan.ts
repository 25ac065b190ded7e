import type { ArmDescription, PlanDescription } from '../plan/plan.ts';
import { bytes, count, countRange, number, rate, setting_ns, sizes, WITHHELD } from './format.ts';
import { columns } from './text.ts';

const ROWS: [string, (arm: ArmDescription) => string][] = [
  ['driver', (arm) => arm.driver],
  ['target', (arm) => arm.target],
  ['connections', connections],
  ['encryption', (arm) => arm.encryption],
  ['table', (arm) => `${count(arm.items)} items of ${sizes(arm.itemBytes, bytes)}`],
  ['load', load],
  [
    'warm-up + measured',
    (arm) => `${extent(arm.warmUp_s, arm.warmUpCount)} + ${extent(arm.measured_s, arm.measuredCount)}`,
  ],
  ['operations', (arm) => count(arm.operations)],
  ['KMS Decrypt calls', (arm) => count(arm.decryptCalls)],
];

/** What a run would do, for `--dry-run`: a column for each arm. */
export function planReport(plan: PlanDescription): string {
  const { stores, kms } = plan.servers;
  const servers =
    stores + kms === 0
      ? 'no servers to start'
      : `starts ${plural(stores, 'store')} and ${plural(kms, 'KMS', 'KMSs')}`;
  const table = columns([
    ['', ...plan.arms.map((arm) => arm.name)],
    ...ROWS.map(([label, cell]) => [label, ...plan.arms.map(cell)]),
  ]);
  return [
    `${plan.name}: ${plural(plan.turns, 'turn')} in ${plural(plan.blocks, 'block')}, seed ${plan.seed}; ${servers}`,
    `${length(plan)}; nothing has been sent`,
    '',
    ...table,
    ...(table.some((line) => line.includes(WITHHELD)) ? ['', `${WITHHELD}: shows when it runs`] : []),
    '',
  ].join('\n');
}

function length({ estimated_s, play_s, countedTurns }: PlanDescription): string {
  const known = `about ${Math.ceil(estimated_s)} s in all, ${number(play_s)} s of them under load`;
  return countedTurns === 0
    ? known
    : `${known}, and ${plural(countedTurns, 'turn')} as long as their operations take`;
}

function load({ loop, rate_per_s, rateRange, concurrency, think }: ArmDescription): string {
  if (loop === 'open') {
    const range = rateRange && ` (${rate(rateRange.min_per_s)} to ${rate(rateRange.max_per_s)})`;
    return `${rate(rate_per_s)}${range ?? ''}`;
  }
  const thinking = think && `, thinking ${setting_ns(think.mean_ns)}`;
  const drawn = think?.kind === 'exponential' ? ' on average' : '';
  return `${count(concurrency)} in a closed loop${thinking ?? ''}${drawn}`;
}

function extent(length_s: number, operations: number): string {
  const counted = `${count(operations)} operations`;
  if (operations === 0) return `${number(length_s)} s`;
  return length_s === 0 ? counted : `${number(length_s)} s and ${counted}`;
}

function connections(arm: ArmDescription): string {
  if (arm.keptConnections === null) return `${arm.mode}, one an operation`;
  const carried = arm.connectionOperations;
  const lives = carried === undefined ? '' : `, ${countRange(carried)} operations each`;
  return `${arm.mode}, ${count(arm.keptConnections)}${lives}`;
}

function plural(amount: number, one: string, many = `${one}s`): string {
  return `${count(amount)} ${amount === 1 ? one : many}`;
}
