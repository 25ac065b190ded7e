/** Fields whose value takes one of several forms: distributions, rates that change, users that think. */
import * as z from 'zod';
import { bytes, count, duration, isTextOrNumber, rate } from './fields.ts';
import { quote } from './problems.ts';
import type { Popularity, RateShape, Sizes, ThinkTime } from './types.ts';

/** Text in one of a few forms; the first one is the example in errors. */
function phrase<Value>(
  description: string,
  forms: readonly [string, ...string[]],
  parse: (written: string) => Value | undefined,
) {
  return z
    .unknown()
    .transform((written, context): Value => {
      const value = isTextOrNumber(written) ? parse(String(written).trim()) : undefined;
      if (value !== undefined) return value;
      context.addIssue({
        code: 'custom',
        message: `expected one of ${forms.map((form) => `'${form}'`).join(', ')}, got ${quote(written)}`,
        params: { remedy: `Write '${forms[0]}'.` },
      });
      return z.NEVER;
    })
    .meta({ description, type: 'string', examples: [...forms] });
}

const ZIPF_S = 0.99;
/** YCSB's. */
const HOTSPOT = { items: 0.2, operations: 0.8 };

/** `uniform`, `zipf 0.99`, `latest`, `hotspot 20% 80%`, `sequential`. */
export const popularity = (description: string) =>
  phrase<Popularity>(
    description,
    ['zipf 0.99', 'uniform', 'latest 0.99', 'hotspot 20% 80%', 'sequential'],
    (written) => {
      const [kind, ...rest] = written.split(/\s+/);
      switch (kind) {
        case 'uniform':
        case 'sequential':
          return rest.length === 0 ? { kind } : undefined;
        case 'zipf':
        case 'latest': {
          const s = rest.length === 0 ? ZIPF_S : rest.length === 1 ? decimal(rest[0]!) : undefined;
          return s !== undefined && s > 0 && s <= 10 ? { kind, s } : undefined;
        }
        case 'hotspot': {
          if (rest.length === 0) return { kind, ...HOTSPOT };
          const [items, operations] = rest.length === 2 ? rest.map(share) : [];
          return items && operations ? { kind, items, operations } : undefined;
        }
        default:
          return undefined;
      }
    },
  );

/** `10ms`, or `exponential 10ms`. */
export const thinkTime = (description: string) => {
  const mean = duration('Mean', '0', '1h');
  return phrase<ThinkTime>(description, ['100ms', 'exponential 100ms'], (written) => {
    const [, exponential, text] = /^(exponential\s+)?(.*)$/.exec(written)!;
    const { data: mean_ns } = mean.safeParse(text);
    return mean_ns === undefined
      ? undefined
      : { kind: exponential === undefined ? 'constant' : 'exponential', mean_ns };
  });
};

type Quantity = ReturnType<typeof count>;

function sizes(quantity: Quantity, description: string) {
  return z
    .union([
      quantity,
      z.strictObject({
        uniform: ordered(z.tuple([quantity, quantity])).describe(
          'Every one from the first to the second alike.',
        ),
      }),
      z.strictObject({
        logNormal: z
          .strictObject({ p50: quantity, p99: quantity })
          .refine(({ p50, p99 }) => p50 <= p99, 'the p99 is below the p50')
          .describe('Most of them near the median, a few far above it.'),
      }),
      z.strictObject({ histogram: classes(quantity).describe('Shares of given ones, in any unit.') }),
    ])
    .transform((written): Sizes => {
      if (typeof written === 'number') return { kind: 'fixed', value: written };
      if ('uniform' in written) {
        const [min, max] = written.uniform;
        return { kind: 'uniform', min, max };
      }
      if ('logNormal' in written) return { kind: 'log-normal', ...written.logNormal };
      return { kind: 'histogram', classes: written.histogram };
    })
    .meta({ description });
}

function ordered<Pair extends z.ZodType<[number, number]>>(pair: Pair) {
  return pair.refine(([min, max]) => min <= max, 'the larger one comes first');
}

/** `{ 512B: 70, 4KiB: 30 }`: shares in any unit. */
function classes(quantity: Quantity) {
  return z.record(z.string(), z.number().min(0).max(1e9)).transform((written, context) => {
    const entries = Object.entries(written).map(([text, weight]) => {
      const { data: value, error } = quantity.safeParse(text);
      if (error)
        context.addIssue({ code: 'custom', path: [text], message: error.issues[0]!.message, params: {} });
      return { value: value ?? 0, weight };
    });
    const total = entries.reduce((sum, { weight }) => sum + weight, 0);
    if (total === 0) context.addIssue({ code: 'custom', message: 'the shares add up to nothing' });
    return entries.map(({ value, weight }) => ({ value, share: weight / total }));
  });
}

/** Sizes in bytes, each within [least, most]. */
export const byteSizes = (description: string, least: string, most: string) =>
  sizes(bytes('Size', least, most), description);
/** Counts, each within [least, most]. */
export const countSizes = (description: string, least: string, most: string) =>
  sizes(count('Count', least, most), description);

/** How fast operations fall due, and how that changes over the length of a phase. */
export const rateShape = (description: string) => {
  const steady = rate('Rate', '1/h', '10M/s');
  const moment = rate('Rate', '0/s', '10M/s');
  const length = duration('Length', '1ms', '7d');
  return z
    .union([
      steady,
      z
        .strictObject({ from: moment, to: moment })
        .refine(({ from, to }) => from + to > 0, 'nothing falls due from 0/s to 0/s'),
      z.strictObject({
        steps: z
          .array(moment)
          .min(1)
          .max(1000)
          .refine((steps) => steps.some((step) => step > 0), 'nothing falls due in any step')
          .describe('Rates, each for an equal part of the phase.'),
      }),
      z.strictObject({ base: moment, spike: steady, at: duration('Start', '0', '7d'), for: length }),
      z
        .strictObject({ mean: steady, amplitude: moment, period: length })
        .refine(({ mean, amplitude }) => amplitude <= mean, 'the amplitude exceeds the mean'),
    ])
    .transform((written): RateShape => {
      if (typeof written === 'number') return { kind: 'constant', rate_per_s: written };
      if ('from' in written) return { kind: 'ramp', from_per_s: written.from, to_per_s: written.to };
      if ('steps' in written) return { kind: 'steps', rates_per_s: written.steps };
      if ('spike' in written) {
        const { base, spike, at, for: length_ns } = written;
        return { kind: 'spike', base_per_s: base, spike_per_s: spike, at_ns: at, for_ns: length_ns };
      }
      const { mean, amplitude, period } = written;
      return { kind: 'sine', mean_per_s: mean, amplitude_per_s: amplitude, period_ns: period };
    })
    .meta({ description });
};

/** How many operations a connection carries: `100`, or `[10, 100]`. */
export const operationsPerConnection = (description: string) => {
  const operations = count('Operations', '1', '1G');
  return z
    .union([operations, ordered(z.tuple([operations, operations]))])
    .transform((written) => {
      const [min, max] = typeof written === 'number' ? [written, written] : written;
      return { min, max };
    })
    .meta({ description });
};

/** A count of equal callers, or callers with weights. Shares add up to 1. */
export const callers = (description: string, most: string) => {
  const number = count('Callers', '1', most);
  const zipf = phrase('Falling off from caller to caller', ['zipf 1'], (written) => {
    const s = decimal(/^zipf\s+(\S+)$/.exec(written)?.[1] ?? '');
    return s !== undefined && s > 0 && s <= 10 ? s : undefined;
  });
  const weights = z
    .array(z.number().min(0).max(1e9))
    .min(1)
    .max(10_000)
    .refine((listed) => listed.some((weight) => weight > 0), 'the weights add up to nothing')
    .describe('One for each caller, in any unit.');
  return z
    .union([number, z.strictObject({ weights }), z.strictObject({ count: number, weights: zipf })])
    .transform((written): { count: number; shares?: number[] } => {
      if (typeof written === 'number') return { count: written };
      const listed =
        'count' in written
          ? Array.from({ length: written.count }, (_, caller) => (caller + 1) ** -written.weights)
          : written.weights;
      const total = listed.reduce((sum, weight) => sum + weight, 0);
      return { count: listed.length, shares: listed.map((weight) => weight / total) };
    })
    .meta({ description });
};

function decimal(text: string): number | undefined {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined;
}

/** `20%` or `0.2`, above 0 and up to 1. */
function share(text: string): number | undefined {
  const [, amount, percent] = /^(\d+(?:\.\d+)?)(%?)$/.exec(text) ?? [];
  const value = Number(amount) / (percent === '%' ? 100 : 1);
  return value > 0 && value <= 1 ? value : undefined;
}
