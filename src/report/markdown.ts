import type { ArmResult, Comparison, Result } from '../result/types.ts';
import type { Arm } from '../workload/types.ts';
import { breakdownRows } from './breakdown.ts';
import {
  bytes,
  confidence,
  count,
  countRange,
  percent,
  popularity,
  rateShape,
  ratio,
  ratioInterval,
  setting_ns,
  sizes,
  WITHHELD,
} from './format.ts';
import { armsWithEvents, eventLines, WINDOW_HEADER, windowRows } from './happened.ts';
import { byArm, generatorLine, metricWords, remarks, SUMMARY_ROWS } from './rows.ts';

/** `report.md`: the terminal's tables, with settings, environment, checks and method, to be read without the tool. */
export function markdownReport(result: Result): string {
  const sections = [
    `# ${escaped(result.name)}`,
    introduction(result),
    '## Result',
    summaryTable(result.arms),
    ...remarks(result.arms).map((remark) => `**${escaped(remark)}**`),
    ...breakdownSection(result.arms),
    ...happenedSection(result.arms),
    ...ratioSection(result),
    '## Verdicts',
    verdictList(result.arms),
    '## Checks',
    identityTable(result.arms),
    ...generatorList(result.arms),
    '## Settings',
    settingsTable(result.arms),
    '## Method',
    METHOD,
  ];
  return `${sections.join('\n\n')}\n`;
}

function introduction(result: Result): string {
  const { environment: on } = result;
  const commit = on.git === null ? '' : `, commit ${escaped(on.git)}`;
  const stopped = result.interrupted ? '\n\n**The run was interrupted before its end.**' : '';
  return (
    `Started ${escaped(result.startedAt)} with seed ${result.seed} on ${result.lanes} ${result.lanes === 1 ? 'lane' : 'lanes'}; ` +
    `sealbench ${escaped(on.sealbench)}, Node ${escaped(on.node)}, ${escaped(on.platform)}, ${escaped(on.cpu)}, ` +
    `${on.cores} cores, ${bytes(on.memory_bytes)}${commit}.${stopped}`
  );
}

function summaryTable(arms: readonly ArmResult[]): string {
  return table(
    ['', ...arms.map((arm) => arm.name)],
    [
      ...SUMMARY_ROWS.map((row) => [`${row.group}, ${row.label}`, ...arms.map((arm) => row.cell(arm))]),
      ['verdict', ...arms.map((arm) => arm.verdict.value)],
    ],
    'right',
  );
}

function breakdownSection(arms: readonly ArmResult[]): string[] {
  const rows = breakdownRows(arms);
  if (rows.length === 0) return [];
  return ['## Where the time goes', table(['', ...arms.map((arm) => arm.name)], rows, 'right')];
}

function happenedSection(arms: readonly ArmResult[]): string[] {
  const shown = armsWithEvents(arms);
  if (shown.length === 0) return [];
  return [
    '## What happened',
    'By when operations were due.',
    ...shown.flatMap((arm) => [
      `### ${escaped(arm.name)}`,
      eventLines(arm)
        .map((line) => `- ${escaped(line)}`)
        .join('\n'),
      table([...WINDOW_HEADER], windowRows(arm), 'right'),
    ]),
  ];
}

function ratioSection(result: Result): string[] {
  if (result.comparisons.length === 0) return [];
  const rows = [...byArm(result.comparisons)].flatMap(([, comparisons]) =>
    comparisons.map((comparison) => [
      `${comparison.arm} / ${comparison.base}`,
      metricWords(comparison),
      ratio(comparison.ratio),
      intervalCell(comparison),
    ]),
  );
  return ['## Ratios', table(['arms', 'metric', 'ratio', 'interval'], rows, 'left')];
}

function intervalCell(comparison: Comparison): string {
  const { low, high, ratio: value, blocks, note } = comparison;
  if (low === null || high === null) return note ?? WITHHELD;
  const bounds = ratioInterval(value, low, high).slice(ratio(value).length + 2, -1);
  return `${bounds} (${confidence(comparison.confidence)}, ${blocks} blocks)`;
}

function verdictList(arms: readonly ArmResult[]): string {
  return arms
    .flatMap((arm) => [
      `- **${escaped(arm.name)}**: ${arm.verdict.value}`,
      ...arm.verdict.reasons.map((reason) => `  - ${escaped(reason)}`),
      ...(arm.verdict.notes ?? []).map((note) => `  - Note: ${escaped(note)}`),
    ])
    .join('\n');
}

function generatorList(arms: readonly ArmResult[]): string[] {
  const known = arms.flatMap((arm) => {
    const line = generatorLine(arm);
    return line === undefined ? [] : `- **${escaped(arm.name)}**: ${escaped(line)}`;
  });
  return known.length === 0 ? [] : [`The load generator:\n\n${known.join('\n')}`];
}

function identityTable(arms: readonly ArmResult[]): string {
  const rows = arms.flatMap((arm) =>
    arm.identities.map((identity) => [arm.name, identity.name, identity.state, identity.detail]),
  );
  return table(['arm', 'identity', 'state', 'counted'], rows, 'left');
}

function phaseText({ name, duration_ns, operations, rate: shape }: Arm['phases'][number]): string {
  const length = operations === null ? setting_ns(duration_ns ?? 0) : `${count(operations)} operations`;
  return [`${name} ${length}`, shape ? rateShape(shape) : ''].filter((part) => part !== '').join(' at ');
}

/** An older result knows of one table and one attribute only. */
function itemsText({ table: { items, itemBytes, fields = 1, count: tables = 1 } }: Arm): string {
  return [
    `${count(items)} of ${sizes(itemBytes, bytes)}`,
    fields > 1 ? ` in ${count(fields)} attributes` : '',
    tables > 1 ? `, in ${count(tables)} tables` : '',
  ].join('');
}

function mixText({ operations }: Arm): string {
  const asked = Object.entries(operations).filter(([, share]) => share > 0);
  return asked.map(([kind, share]) => `${percent(share)} ${kind}`).join(', ');
}

const SETTINGS: readonly (readonly [string, (arm: Arm) => string])[] = [
  ['driver', (arm) => arm.driver],
  ['target', (arm) => arm.target],
  ['callers × connections', (arm) => `${arm.callers} × ${arm.connections.perCaller}`],
  [
    'connections',
    ({ connections: { mode, tls, operations } }) =>
      `${mode}, ${tls ? 'TLS' : 'plain'}${operations ? `, ${countRange(operations)} operations each` : ''}`,
  ],
  ['signed', (arm) => (arm.sign ? 'SigV4' : 'no')],
  ['encryption', (arm) => arm.table.encryption],
  ['items', itemsText],
  ['keys', (arm) => popularity(arm.keys.popularity)],
  ['operations', mixText],
  [
    'key cache',
    ({ system: { keyCache } }) =>
      `${keyCache.scope}, ${setting_ns(keyCache.ttl_ms * 1e6)}, ${keyCache.expiry}`,
  ],
  [
    'KMS latency',
    ({ system: { kms } }) =>
      kms.latency ? `p50 ${kms.latency.p50_ms} ms, p99 ${kms.latency.p99_ms} ms` : 'none added',
  ],
  [
    'arrivals',
    ({ arrivals }) =>
      arrivals.loop === 'open'
        ? arrivals.process
        : `closed, ${arrivals.concurrency} users${arrivals.think.mean_ns > 0 ? ` thinking ${setting_ns(arrivals.think.mean_ns)}` : ''}`,
  ],
  ['phases', (arm) => arm.phases.map(phaseText).join(', ')],
];

function settingsTable(arms: readonly ArmResult[]): string {
  return table(
    ['', ...arms.map((arm) => arm.name)],
    SETTINGS.map(([label, cell]) => [label, ...arms.map((arm) => cell(arm.settings))]),
    'left',
  );
}

const METHOD = [
  '- Response time counts from when an operation was due by the plan, whether or not it could start then; service time from its start on a connection.',
  '- All arms play the same operations, in short turns in shuffled order (blocks). Rates and times are of measured phases; counters, calls and cost cover set-up to drain.',
  `- A percentile is printed when at least 10 samples lie beyond it (the median: 10 in all). Failed and never started operations count as infinitely slow; a percentile among them is withheld (${WITHHELD}), and with one of them mean and maximum are.`,
  "- A ratio with an interval is the geometric mean of the blocks' ratios, with Student's t on their logarithms; it can differ a little from the ratio of two pooled figures above. Counts are exact and have no interval.",
  '- Cost is at list prices, for KMS requests and paid copies of the trail.',
].join('\n');

function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  align: 'left' | 'right',
): string {
  const rule = head.map((_, i) => (i > 0 && align === 'right' ? '---:' : '---'));
  return [head.map(escaped), rule, ...rows.map((row) => row.map(escaped))]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');
}

/** Names and messages come from workloads and targets: they stay text. */
function escaped(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\|*_`<>[\]]/g, '\\$&');
}
