import type { Bound, CaseResult, Check, CheckResult, Floor, SelftestReport } from '../selftest/types.ts';
import { count, duration, number, percent, rate, WITHHELD } from './format.ts';
import type { TerminalOptions } from './terminal.ts';
import { columns, type Style, styleFor, wrap } from './text.ts';

const VERDICTS = {
  pass: 'passed: what this tool measures here can be believed',
  fail: 'failed',
  busy: 'not decided: the machine is too busy to tell the tool from it',
} as const;

/** A selftest for a person at a terminal: each case with its figures, then what the machine adds. */
export function selftestReport(report: SelftestReport, options: TerminalOptions): string {
  const style = styleFor(options.color);
  const width = Math.max(60, options.width);
  const { environment, cases } = report;
  const facts = `${environment.cores} cores of ${environment.cpu} · Node ${environment.node} · ${report.startedAt} · ${duration(report.elapsed_s * 1e9)}`;
  const lines = [
    style.bold('selftest'),
    ...wrap(facts, width).map(style.dim),
    '',
    ...caseLines(cases, style),
    ...floorLines(report.floor, style),
    '',
    ...wrap(closing(report), width),
  ];
  return `${lines.join('\n')}\n`;
}

function caseLines(cases: readonly CaseResult[], style: Style): string[] {
  const withPeer = cases.some(({ checks }) => checks.some(({ peer }) => peer !== undefined));
  const header = [
    '',
    'expected',
    "server's log",
    'measured',
    'allowed',
    ...(withPeer ? ['autocannon'] : []),
    '',
  ];
  const rows = cases.map(({ checks }) => checks.map((check) => checkCells(check, withPeer, style)));
  const [head, ...body] = columns([header.map(style.dim), ...rows.flat()], '  ');
  return [head!, ...cases.flatMap((one) => [heading(one, style), ...body.splice(0, one.checks.length)]), ''];
}

function heading({ name, shows, outcome, repeated, others_share }: CaseResult, style: Style): string {
  const paint = { pass: style.green, floor: style.green, fail: style.red, busy: style.yellow }[outcome];
  const words = { pass: 'pass', floor: 'pass', fail: 'FAIL', busy: 'busy' }[outcome];
  const again = repeated ? style.yellow(' (the second time)') : '';
  const state = outcome === 'busy' ? ` (others took ${percent(others_share)} of the cores)` : '';
  return `${paint(words)}  ${style.bold(name)}${again}  ${style.dim(shows)}${state}`;
}

function checkCells(check: CheckResult, withPeer: boolean, style: Style): string[] {
  const { what, unit, expected, logged, measured, bound, state, floor_ns, peer } = check;
  const machine = floor_ns === null ? 'off' : `off; the machine itself adds up to ${duration(floor_ns)}`;
  const remark = { pass: '', floor: `+ ${duration(floor_ns)} of the machine's own`, off: style.red(machine) };
  return [
    `    ${what}`,
    amount(expected, unit),
    logged === null ? '' : amount(logged, unit),
    amount(measured, unit),
    allowance(bound, unit),
    ...(withPeer ? [peer === undefined ? '' : peerCell(peer, unit)] : []),
    remark[state],
  ];
}

function peerCell({ said, truth }: NonNullable<CheckResult['peer']>, unit: Check['unit']): string {
  const answer = said === null ? 'no answer' : amount(said, unit);
  return truth === undefined ? answer : `${answer} of ${amount(truth, unit)}`;
}

function allowance(bound: Bound, unit: Check['unit']): string {
  if (bound.kind !== 'near') return bound.kind;
  const share = `± ${number(bound.share * 100).replace(/\.?0+$/, '')} %`;
  return bound.beside === 0 ? share : `${share} + ${amount(bound.beside, unit)}`;
}

function amount(value: number | null, unit: Check['unit']): string {
  if (value === null || Number.isNaN(value)) return WITHHELD;
  return { ns: duration, count, per_s: rate, share: percent }[unit](value);
}

function floorLines(floor: Floor, style: Style): string[] {
  const spread = (value: Floor['lag_ns']) =>
    value === null ? [WITHHELD, WITHHELD] : [duration(value.p50), duration(value.p99)];
  const limits = (value: Floor['echo_ns']) => spread(value).map((limit) => (value ? `≤ ${limit}` : limit));
  const times = columns(
    [
      ['', 'p50', 'p99'],
      ['a thread sleeps too long by', ...limits(floor.oversleep_ns)],
      ['bytes to another process and back take', ...limits(floor.echo_ns)],
      ['operations start late by', ...spread(floor.lag_ns)],
      ["a request takes longer than the server's log by", ...spread(floor.added_ns)],
    ],
    '  ',
  );
  const cpu = floor.cpu_us_per_request === null ? null : floor.cpu_us_per_request * 1e3;
  return [
    style.bold('What this machine adds'),
    ...times,
    `  others took up to ${percent(floor.others_share)} of its cores`,
    `  one lane carries ${rate(floor.requests_per_s)} requests, each ${duration(cpu)} of its CPU`,
  ];
}

function closing({ verdict, interrupted, cases, floor }: SelftestReport): string {
  const atFloor = cases.filter(({ outcome }) => outcome === 'floor').length;
  const passed = cases.filter(({ outcome }) => outcome === 'pass').length + atFloor;
  const withFloor = atFloor === 0 ? '' : `, ${atFloor} of them with what the machine itself adds`;
  const sum = `${passed} of ${cases.length} cases pass${withFloor}`;
  if (interrupted) return `Interrupted: ${sum}, the others were not decided.`;
  const again = cases.filter(
    ({ repeated, outcome }) => repeated && (outcome === 'pass' || outcome === 'floor'),
  ).length;
  const repeats = again === 0 ? '' : `, ${again} of them only the second time`;
  const remedy =
    verdict === 'busy'
      ? ` (others took up to ${percent(floor.others_share)} of its cores). Stop what else runs, and try again.`
      : '.';
  return `${sum}${repeats}; ${VERDICTS[verdict]}${remedy}`;
}
