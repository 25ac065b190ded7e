/** Parsers for the quantities that people write. Each returns `undefined` for what it does not understand. */

const DURATION_NS: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86400e9,
};
const BYTES: Record<string, number> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};
const COUNT: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9 };

/** `5s`, `1.5ms`, `90m`, `7d` → nanoseconds. A bare number other than 0 has no unit and is not understood. */
export function parseDuration_ns(text: string | number): number | undefined {
  if (/^0+(\.0+)?$/.test(String(text))) return 0;
  return parseQuantity(String(text), DURATION_NS);
}

/** `1KiB`, `4MB`, `512` → bytes. */
export function parseBytes(text: string | number): number | undefined {
  const bytes = parseQuantity(String(text), { ...BYTES, '': 1 });
  return bytes !== undefined && Number.isInteger(bytes) ? bytes : undefined;
}

/** `10k`, `2.5M`, `42` → a whole number. */
export function parseCount(text: string | number): number | undefined {
  const count = parseQuantity(String(text), COUNT);
  return count !== undefined && Number.isInteger(count) ? count : undefined;
}

/** `100/s`, `6k/m`, `0.5/s` → per second. */
export function parseRate_per_s(text: string | number): number | undefined {
  const match = /^(.+)\/(ms|s|m|h)$/.exec(String(text).trim());
  if (!match) return undefined;
  const amount = parseQuantity(match[1]!, COUNT);
  return amount === undefined ? undefined : amount / (DURATION_NS[match[2]!]! / 1e9);
}

function parseQuantity(text: string, units: Record<string, number>): number | undefined {
  const match = /^(\d+(?:\.\d+)?(?:e\d+)?)\s*([A-Za-zµ]*)$/.exec(text.trim());
  if (!match) return undefined;
  const unit = units[match[2]!];
  if (unit === undefined) return undefined;
  const value = Number(match[1]) * unit;
  // 0.1 KiB and the like land a hair beside a whole number; the nearest 1e-6 is what was meant.
  return Math.round(value * 1e6) / 1e6;
}
