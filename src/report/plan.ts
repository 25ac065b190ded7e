import type { ArmDescription, PlanDescription } from '../plan/plan.ts';
import { bytes, count, countRange, number, rate, sizes, WITHHELD } from './format.ts';
import { columns } from './text.ts';

const ROWS: [string, (arm: ArmDescription) => string][] = [
  ['driver', (arm) => arm.driver],
  ['target', (arm) => arm.target],
  ['connections', connections],
  ['encryption', (arm) => arm.encryption],
  ['table', (arm) => `${count(arm.items)} items of ${sizes(arm.itemBytes, bytes)}`],
  [
    'load',
    (arm) => (arm.loop === 'open' ? rate(arm.rate_per_s) : `${count(arm.concurrency)} in a closed loop`),
  ],
  ['warm-up + measured', (arm) => `${number(arm.warmUp_s)} s + ${number(arm.measured_s)} s`],
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
    `about ${Math.ceil(plan.estimated_s)} s in all, ${number(plan.play_s)} s of them under load; nothing has been sent`,
    '',
    ...table,
    ...(table.some((line) => line.includes(WITHHELD))
      ? ['', `${WITHHELD}: depends on how fast answers come`]
      : []),
    '',
  ].join('\n');
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
