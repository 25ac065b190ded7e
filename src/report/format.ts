/** The one formatter for numbers that people read: three significant digits, a unit, and `–` for what is withheld. */
import type { Popularity, RateShape, Sizes } from '../workload/types.ts';

export const WITHHELD = '–';

type Amount = number | null;

const DURATION_UNITS = [
  ['ns', 1],
  ['µs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
] as const;

/** `812 µs`, `4.21 ms`, `75.0 s`. */
export function duration(value_ns: Amount): string {
  if (value_ns === null) return WITHHELD;
  // Rounded before the unit is chosen, or 999.6 µs would read "1000 µs".
  const rounded = Number(value_ns.toPrecision(3));
  const [unit, width_ns] = DURATION_UNITS.findLast(([, ns]) => Math.abs(rounded) >= ns) ?? DURATION_UNITS[0];
  const amount = rounded / width_ns;
  return `${unit === 'ns' || amount >= 1000 ? count(amount) : amount.toPrecision(3)} ${unit}`;
}

const LIFETIME_UNITS = [
  ['s', 1e3],
  ['min', 60e3],
  ['h', 3600e3],
  ['d', 86_400e3],
] as const;

/** Lifecycle time: `12.0 s`, `14.5 min`, `20.3 h`, `7.00 d`. */
export function lifetime(value_ms: number): string {
  const [unit, width_ms] = LIFETIME_UNITS.findLast(([, ms]) => Math.abs(value_ms) >= ms) ?? LIFETIME_UNITS[0];
  return `${number(value_ms / width_ms)} ${unit}`;
}

/** `99.8/s`, `12,345/s`. */
export function rate(value_per_s: Amount): string {
  return value_per_s === null ? WITHHELD : `${number(value_per_s)}/s`;
}

/** Three significant digits, every digit of a larger whole part: `0.0107`, `1.00`, `75.2`, `12,345`. */
export function number(value: Amount): string {
  if (value === null) return WITHHELD;
  if (value === 0) return '0';
  if (Math.abs(value) >= 999.5) return count(value);
  if (Math.abs(value) < 1e-4) return value.toExponential(1);
  return value.toPrecision(3);
}

/** `5.23×`. */
export function ratio(value: Amount): string {
  return value === null ? WITHHELD : `${number(value)}×`;
}

/** `5.23× (4.93–5.61)`; without an interval the ratio alone. */
export function ratioInterval(value: Amount, low: Amount, high: Amount): string {
  return low === null || high === null ? ratio(value) : `${ratio(value)} (${number(low)}–${number(high)})`;
}

/** A share of 1: `98.9 %`. Less than all never reads as 100 %, nor more than none as 0 %. */
export function percent(share: Amount): string {
  if (share === null) return WITHHELD;
  if (share === 0 || share === 1) return `${share * 100} %`;
  const text = (share * 100).toPrecision(3);
  if (share < 1 && Number(text) >= 100)
    return share > 0.9999 ? '> 99.99 %' : `${(Math.floor(share * 1e4) / 100).toFixed(2)} %`;
  return share < 1e-4 ? '< 0.01 %' : `${text} %`;
}

/** `95 %`: as it was asked for. */
export function confidence(share: number): string {
  return `${Number((share * 100).toPrecision(6))} %`;
}

/** US dollars: `$0`, `$0.0320`, `$3.00`, `$1,240`. */
export function money(value_usd: Amount): string {
  return value_usd === null ? WITHHELD : `$${number(value_usd)}`;
}

/** Whole: `1,500`. */
export function count(value: Amount): string {
  return value === null
    ? WITHHELD
    : Math.round(value)
        .toString()
        .replace(/\B(?=(\d{3})+$)/g, ',');
}

export function popularity(value: Popularity): string {
  switch (value.kind) {
    case 'zipf':
    case 'latest':
      return `${value.kind} ${value.s}`;
    case 'hotspot':
      return `hotspot: ${percent(value.operations)} of the operations on ${percent(value.items)} of the items`;
    default:
      return value.kind;
  }
}

/** `5 to 50`; one number where both are the same. */
export function countRange({ min, max }: { min: number; max: number }): string {
  return min === max ? count(min) : `${count(min)} to ${count(max)}`;
}

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `512 B`, `1 KiB`, `31.3 GiB`. */
export function bytes(value: number): string {
  const power = Math.min(Math.floor(Math.log2(Math.max(1, value)) / 10), BYTE_UNITS.length - 1);
  const amount = value / 2 ** (10 * power);
  return `${Number.isInteger(amount) ? amount : amount.toPrecision(3)} ${BYTE_UNITS[power]}`;
}

/** Every digit that is needed and none that isn't, as people write settings: `100/s`, `15 s`, `5 min`. */
/** Sizes that may vary, each written by `one`. A number is a fixed size of an older result. */
export function sizes(value: Sizes | number, one: (size: number) => string): string {
  if (typeof value === 'number') return one(value);
  switch (value.kind) {
    case 'fixed':
      return one(value.value);
    case 'uniform':
      return `${one(value.min)} to ${one(value.max)}`;
    case 'log-normal':
      return `p50 ${one(value.p50)}, p99 ${one(value.p99)}`;
    case 'histogram':
      return value.classes.map((entry) => `${number(entry.share * 100)} % ${one(entry.value)}`).join(', ');
  }
}

export function rateShape(shape: RateShape): string {
  switch (shape.kind) {
    case 'constant':
      return rate(shape.rate_per_s);
    case 'ramp':
      return `${rate(shape.from_per_s)} rising or falling to ${rate(shape.to_per_s)}`;
    case 'steps':
      return shape.rates_per_s.map((step) => rate(step)).join(', then ');
    case 'spike':
      return `${rate(shape.base_per_s)} with ${rate(shape.spike_per_s)} for ${setting_ns(shape.for_ns)} after ${setting_ns(shape.at_ns)}`;
    case 'sine':
      return `${rate(shape.mean_per_s)} ± ${rate(shape.amplitude_per_s)} every ${setting_ns(shape.period_ns)}`;
  }
}

export function setting_ns(value_ns: number): string {
  const units = [...DURATION_UNITS, ['min', 60e9], ['h', 3600e9]] as const;
  const [unit, width_ns] =
    units.findLast(([, ns]) => value_ns >= ns && Number.isInteger(value_ns / ns)) ?? units[0];
  return `${value_ns / width_ns} ${unit}`;
}
