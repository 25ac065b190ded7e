/** Scalars of the file as written: text with a unit in, a number in base units out, the unit spelt out in every error. */
import * as z from 'zod';
import { parseBytes, parseCount, parseDuration_ns, parseRate_per_s } from '../std/units.ts';
import { nearest, quote } from './problems.ts';
import { DRIVERS } from './types.ts';

interface Quantity {
  noun: string;
  parse(text: string | number): number | undefined;
  /** JSON Schema pattern of the text form. */
  pattern: string;
  examples: [string, string];
}

const DURATION: Quantity = {
  noun: 'a duration',
  parse: parseDuration_ns,
  pattern: '^(0|\\d+(\\.\\d+)?(e\\d+)?\\s*(ns|us|µs|ms|s|m|h|d))$',
  examples: ['5s', '5m'],
};
const COUNT: Quantity = {
  noun: 'a whole number',
  parse: parseCount,
  pattern: '^\\d+(\\.\\d+)?(e\\d+)?\\s*[kMG]?$',
  examples: ['500', '10k'],
};
const BYTES: Quantity = {
  noun: 'a size',
  parse: parseBytes,
  pattern: '^\\d+(\\.\\d+)?(e\\d+)?\\s*([KMG]i?B|B)?$',
  examples: ['1KiB', '512B'],
};
const RATE: Quantity = {
  noun: 'a rate',
  parse: parseRate_per_s,
  pattern: '^\\d+(\\.\\d+)?(e\\d+)?\\s*[kMG]?/(ms|s|m|h)$',
  examples: ['100/s', '6000/m'],
};

/** A duration within [least, most], both as people write them; nanoseconds out. */
export const duration = (description: string, least: string, most: string) =>
  quantity(DURATION, description, least, most);
/** A count such as `10k`. */
export const count = (description: string, least: string, most: string) =>
  quantity(COUNT, description, least, most);
/** A size such as `1KiB`; bytes out. */
export const bytes = (description: string, least: string, most: string) =>
  quantity(BYTES, description, least, most);
/** A rate such as `100/s`; per second out. */
export const rate = (description: string, least: string, most: string) =>
  quantity(RATE, description, least, most);

/** `10%` or `0.1`: from 0, below 1. */
export const fraction = (description: string) =>
  z
    .unknown()
    .transform((written, context) => {
      const [, amount, percent] = isTextOrNumber(written)
        ? (/^(\d+(?:\.\d+)?)\s*(%?)$/.exec(String(written).trim()) ?? [])
        : [];
      const value = Number(amount) / (percent === '%' ? 100 : 1);
      if (value >= 0 && value < 1) return value;
      context.addIssue({
        code: 'custom',
        message: `expected a share from 0 to below 100%, got ${quote(written)}`,
        params: { remedy: 'Write 10% or 0.1.' },
      });
      return z.NEVER;
    })
    .meta({ description, type: ['string', 'number'], pattern: '^\\d+(\\.\\d+)?\\s*%?$', examples: ['10%'] });

/** A plain number within [least, most]. */
export const factor = (description: string, least: number, most: number) =>
  z.number().min(least).max(most).describe(`${description} (${least} to ${most})`);

function quantity(kind: Quantity, description: string, least: string, most: string) {
  const min = kind.parse(least) as number;
  const max = kind.parse(most) as number;
  const { noun, pattern } = kind;
  return z
    .unknown()
    .transform((written, context) => {
      const value = isTextOrNumber(written) ? kind.parse(written) : undefined;
      if (value !== undefined && value >= min && value <= max) return value;
      const understood = value !== undefined;
      context.addIssue({
        code: 'custom',
        message: `expected ${noun} from ${least} to ${most}, got ${quote(written)}`,
        params: { remedy: understood ? undefined : `Write ${suggestions(kind, written).join(' or ')}.` },
      });
      return z.NEVER;
    })
    .meta({
      description: `${description} (${least} to ${most})`,
      type: ['string', 'number'],
      pattern,
      examples: [kind.examples[0]],
    });
}

/** The number as written under each likely unit, where that makes sense; else examples. */
function suggestions(kind: Quantity, written: unknown): string[] {
  const amount = typeof written === 'number' || typeof written === 'string' ? String(written).trim() : '';
  const units = kind.examples.map((example) => example.replace(/^\d+/, ''));
  const guesses = units.map((unit) => `${amount}${unit}`);
  return guesses.every((guess) => kind.parse(guess) !== undefined) ? guesses : kind.examples;
}

export function isTextOrNumber(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** `embedded`, or the origin of an endpoint. Credentials in it would end up in reports, so they are refused. */
export const target = (description: string) =>
  z
    .unknown()
    .transform((written, context) => {
      if (written === 'embedded') return 'embedded';
      return originOf(written, 'embedded, or http(s)://host:port', context);
    })
    .meta({ description, type: 'string', pattern: '^(embedded|https?://[^/@?#]+/?)$' });

export const endpoint = (description: string) =>
  z
    .unknown()
    .transform((written, context) => originOf(written, 'http(s)://host:port', context))
    .meta({ description, type: 'string', pattern: '^https?://[^/@?#]+/?$' });

function originOf(written: unknown, expected: string, context: z.RefinementCtx): string {
  const url = typeof written === 'string' ? parseUrl(written) : undefined;
  if (url?.username || url?.password) {
    context.addIssue({
      code: 'custom',
      message: 'the URL carries a user name or password, which would end up in reports',
      params: { remedy: 'Leave them out: requests are signed with AWS credentials from the environment.' },
    });
    return z.NEVER;
  }
  const isOrigin = url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash;
  if (isOrigin) return url.origin;
  const shown = typeof written === 'string' ? written.replace(/\/\/.*@/, '//…@') : written;
  context.addIssue({ code: 'custom', message: `expected ${expected}, got ${quote(shown)}` });
  return z.NEVER;
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

/** A driver's name, or the path of a module: `./…`, `../…` or `/…`. */
export const driver = (description: string) =>
  z
    .unknown()
    .transform((written, context) => {
      if (typeof written === 'string' && /^(\.{1,2})?\/./.test(written)) return written;
      const known = DRIVERS.find((name) => name === written);
      if (known) return known;
      const near = nearest(typeof written === 'string' ? written : '', DRIVERS);
      context.addIssue({
        code: 'custom',
        message: `expected ${DRIVERS.join(', ')} or the path of a module (./my-driver.ts), got ${quote(written)}`,
        params: { remedy: near === undefined ? undefined : `Did you mean '${near}'?` },
      });
      return z.NEVER;
    })
    .meta({ description, type: 'string', pattern: `^(${DRIVERS.join('|')}|\\.{0,2}/.+)$` });
