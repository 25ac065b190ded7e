/** Fields whose value takes one of several forms: distributions, rates that change, users that think. */
import * as z from 'zod';
import { parseBytes, parseCount, parseDuration_ns, parseRate_per_s } from '../std/units.ts';
import { quote } from './problems.ts';
import type { Popularity, RateShape, Sizes, ThinkTime } from './types.ts';

type Parsed<Value> = Value | undefined;

/** A field that `parse` understands or refuses whole; `forms` are its forms in words, the first one the remedy. */
function shape<Value>(
  description: string,
  forms: readonly [string, ...string[]],
  type: string[],
  parse: (written: unknown) => Parsed<Value>,
) {
  return z
    .unknown()
    .transform((written, context): Value => {
      const value = parse(written);
      if (value !== undefined) return value;
      context.addIssue({
        code: 'custom',
        message: `expected one of ${forms.join(' | ')}, got ${quote(written)}`,
        params: { remedy: `Write, for example, ${forms[0]}.` },
      });
      return z.NEVER;
    })
    .meta({ description: `${description} Forms: ${forms.join(' | ')}`, type });
}

const HOTSPOT = { items: 0.2, operations: 0.8 };

/** `uniform`, `zipf 0.99`, `latest`, `hotspot 20% 80%`, `sequential`. */
export const popularity = (description: string) =>
  shape<Popularity>(
    description,
    ['zipf 0.99', 'uniform', 'latest', 'latest 0.99', 'hotspot 20% 80%', 'sequential'],
    ['string'],
    (written) => {
      if (typeof written !== 'string') return undefined;
      const [kind, ...rest] = written.trim().split(/\s+/);
      if ((kind === 'uniform' || kind === 'sequential') && rest.length === 0) return { kind };
      if ((kind === 'zipf' || kind === 'latest') && rest.length <= 1) {
        const s = rest.length === 0 ? 0.99 : decimal(rest[0]!);
        return s !== undefined && s > 0 && s <= 10 ? { kind, s } : undefined;
      }
      if (kind !== 'hotspot' || (rest.length !== 0 && rest.length !== 2)) return undefined;
      const [items, operations] = rest.length === 0 ? [HOTSPOT.items, HOTSPOT.operations] : rest.map(percent);
      return items !== undefined && operations !== undefined ? { kind, items, operations } : undefined;
    },
  );

interface SizeUnit {
  parse(text: string | number): number | undefined;
  forms: [string, string, string, string];
}
const BYTES: SizeUnit = {
  parse: parseBytes,
  forms: [
    '1KiB',
    '{ uniform: [512B, 4KiB] }',
    '{ logNormal: { p50: 1KiB, p99: 16KiB } }',
    '{ histogram: { 512B: 70, 4KiB: 30 } }',
  ],
};
const ITEMS: SizeUnit = {
  parse: parseCount,
  forms: [
    '10',
    '{ uniform: [1, 100] }',
    '{ logNormal: { p50: 10, p99: 100 } }',
    '{ histogram: { 1: 70, 100: 30 } }',
  ],
};

/** Sizes in bytes, each within [least, most]. */
export const byteSizes = (description: string, least: number, most: number) =>
  shape<Sizes>(description, BYTES.forms, ['string', 'number', 'object'], (written) =>
    parseSizes(written, BYTES, least, most),
  );
/** Counts, each within [least, most]. */
export const countSizes = (description: string, least: number, most: number) =>
  shape<Sizes>(description, ITEMS.forms, ['string', 'number', 'object'], (written) =>
    parseSizes(written, ITEMS, least, most),
  );

function parseSizes(written: unknown, unit: SizeUnit, least: number, most: number): Parsed<Sizes> {
  const size = (value: unknown): Parsed<number> => {
    const parsed = isScalar(value) ? unit.parse(value) : undefined;
    return parsed !== undefined && parsed >= least && parsed <= most ? parsed : undefined;
  };
  if (isScalar(written)) {
    const value = size(written);
    return value === undefined ? undefined : { kind: 'fixed', value };
  }
  const form = onlyField(written);
  switch (form?.name) {
    case 'uniform': {
      const [min, max] = pair(form.value).map(size);
      return min !== undefined && max !== undefined && min <= max ? { kind: 'uniform', min, max } : undefined;
    }
    case 'logNormal': {
      const [p50, p99] = fields(form.value, ['p50', 'p99']).map(size);
      return p50 !== undefined && p99 !== undefined && p50 <= p99
        ? { kind: 'log-normal', p50, p99 }
        : undefined;
    }
    case 'histogram':
      return parseClasses(form.value, size);
    default:
      return undefined;
  }
}

function parseClasses(written: unknown, size: (value: unknown) => Parsed<number>): Parsed<Sizes> {
  if (!isMap(written)) return undefined;
  const classes = Object.entries(written).map(([text, weight]) => ({ value: size(text), weight }));
  const total = classes.reduce((sum, { weight }) => sum + Number(weight), 0);
  if (!(total > 0) || !Number.isFinite(total)) return undefined;
  const known = classes.flatMap(({ value, weight }) =>
    value !== undefined && typeof weight === 'number' && weight >= 0
      ? [{ value, share: weight / total }]
      : [],
  );
  return known.length === classes.length ? { kind: 'histogram', classes: known } : undefined;
}

/** How fast operations fall due, and how that changes over the length of a phase. */
export const rateShape = (description: string) =>
  shape<RateShape>(
    description,
    [
      '100/s',
      '{ from: 100/s, to: 1k/s }',
      '{ steps: [100/s, 200/s, 400/s] }',
      '{ base: 100/s, spike: 1k/s, at: 3s, for: 2s }',
      '{ mean: 500/s, amplitude: 300/s, period: 20s }',
    ],
    ['string', 'object'],
    parseRateShape,
  );

function parseRateShape(written: unknown): Parsed<RateShape> {
  if (isScalar(written)) {
    const rate_per_s = rate(written);
    return rate_per_s ? { kind: 'constant', rate_per_s } : undefined;
  }
  if (!isMap(written)) return undefined;
  if ('from' in written) {
    const [from_per_s, to_per_s] = fields(written, ['from', 'to']).map(rate);
    if (from_per_s === undefined || to_per_s === undefined || from_per_s + to_per_s === 0) return undefined;
    return { kind: 'ramp', from_per_s, to_per_s };
  }
  if ('steps' in written) {
    const steps = onlyField(written)?.value;
    const rates = Array.isArray(steps) ? steps.map(rate) : [];
    const rates_per_s = rates.filter((step) => step !== undefined);
    const complete = rates.length > 0 && rates.length <= 1000 && rates.length === rates_per_s.length;
    return complete && rates_per_s.some((step) => step > 0) ? { kind: 'steps', rates_per_s } : undefined;
  }
  if ('spike' in written) {
    const [base, spike, at, length] = fields(written, ['base', 'spike', 'at', 'for']);
    const [base_per_s, spike_per_s] = [rate(base), rate(spike)];
    const [at_ns, for_ns] = [time(at), time(length)];
    if (base_per_s === undefined || !spike_per_s || at_ns === undefined || !for_ns) return undefined;
    return { kind: 'spike', base_per_s, spike_per_s, at_ns, for_ns };
  }
  const [mean, amplitude, period] = fields(written, ['mean', 'amplitude', 'period']);
  const [mean_per_s, amplitude_per_s, period_ns] = [rate(mean), rate(amplitude), time(period)];
  if (!mean_per_s || amplitude_per_s === undefined || amplitude_per_s > mean_per_s || !period_ns)
    return undefined;
  return { kind: 'sine', mean_per_s, amplitude_per_s, period_ns };
}

/** `10ms`, or `exponential 10ms`. */
export const thinkTime = (description: string) =>
  shape<ThinkTime>(description, ['100ms', 'exponential 100ms'], ['string', 'number'], (written) => {
    if (!isScalar(written)) return undefined;
    const match = /^(exponential\s+)?(.+)$/.exec(String(written).trim());
    const mean_ns = match ? time(match[2]) : undefined;
    if (mean_ns === undefined) return undefined;
    return { kind: match![1] === undefined ? 'constant' : 'exponential', mean_ns };
  });

/** How many connections' worth of operations one carries: `100`, or `[10, 100]`. */
export const operationsPerConnection = (description: string) =>
  shape<{ min: number; max: number }>(
    description,
    ['100', '[10, 100]'],
    ['string', 'number', 'array'],
    (written) => {
      const [min, max] = (isScalar(written) ? [written, written] : pair(written)).map((value) =>
        isScalar(value) ? parseCount(value) : undefined,
      );
      return min !== undefined && max !== undefined && min >= 1 && min <= max && max <= 1e9
        ? { min, max }
        : undefined;
    },
  );

/** Callers as written: a count of equal ones, or with weights. */
export interface WrittenCallers {
  count: number;
  /** One a caller, adding up to 1. */
  shares?: number[];
}

export const callers = (description: string, most: number) =>
  shape<WrittenCallers>(
    description,
    ['4', '{ count: 100, weights: zipf 1 }', '{ weights: [8, 1, 1] }'],
    ['string', 'number', 'object'],
    (written) => {
      const count = (value: unknown): Parsed<number> => {
        const parsed = isScalar(value) ? parseCount(value) : undefined;
        return parsed !== undefined && parsed >= 1 && parsed <= most ? parsed : undefined;
      };
      if (isScalar(written)) {
        const equal = count(written);
        return equal === undefined ? undefined : { count: equal };
      }
      if (!isMap(written)) return undefined;
      const { count: amount, weights, ...rest } = written;
      if (Object.keys(rest).length > 0) return undefined;
      const listed = Array.isArray(weights) ? (weights as unknown[]) : undefined;
      const number = amount === undefined && listed ? count(listed.length) : count(amount);
      if (number === undefined || (listed && listed.length !== number)) return undefined;
      if (weights === undefined) return { count: number };
      const s = /^zipf\s+(\d+(?:\.\d+)?)$/.exec(typeof weights === 'string' ? weights.trim() : '')?.[1];
      const values =
        listed ?? (s === undefined ? [] : Array.from({ length: number }, (_, i) => (i + 1) ** -Number(s)));
      return values.length === 0 ? undefined : withShares(number, values);
    },
  );

function withShares(count: number, weights: readonly unknown[]): Parsed<WrittenCallers> {
  const known = weights.filter(
    (weight): weight is number => typeof weight === 'number' && weight >= 0 && weight <= 1e9,
  );
  const total = known.reduce((sum, weight) => sum + weight, 0);
  if (known.length !== weights.length || total === 0) return undefined;
  return { count, shares: known.map((weight) => weight / total) };
}

function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function onlyField(written: unknown): { name: string; value: unknown } | undefined {
  const entries = isMap(written) ? Object.entries(written) : [];
  return entries.length === 1 ? { name: entries[0]![0], value: entries[0]![1] } : undefined;
}

/** The values of exactly these fields; undefined for each where there are others. */
function fields(written: unknown, names: readonly string[]): unknown[] {
  const exact = isMap(written) && Object.keys(written).every((name) => names.includes(name));
  return names.map((name) => (exact ? written[name] : undefined));
}

function pair(written: unknown): [unknown, unknown] {
  return Array.isArray(written) && written.length === 2 ? [written[0], written[1]] : [undefined, undefined];
}

const RATE_MAX_PER_S = 10e6;

function rate(written: unknown): Parsed<number> {
  if (written === 0) return 0;
  const rate_per_s = isScalar(written) ? parseRate_per_s(written) : undefined;
  return rate_per_s !== undefined && rate_per_s <= RATE_MAX_PER_S ? rate_per_s : undefined;
}

function time(written: unknown): Parsed<number> {
  return isScalar(written) ? parseDuration_ns(written) : undefined;
}

function decimal(text: string): Parsed<number> {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** `20%` or `0.2`, above 0 and up to 1. */
function percent(text: string): Parsed<number> {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  const share = match ? Number(match[1]) / (match[2] === '%' ? 100 : 1) : Number.NaN;
  return share > 0 && share <= 1 ? share : undefined;
}
