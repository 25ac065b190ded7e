import { validationError } from './errors.ts';

/** ±d.ddd × 10^exponent with `digits` = "dddd", no zero at either end; zero has no digits. */
export interface Decimal {
  negative: boolean;
  digits: string;
  exponent: number;
}

export const MAX_DIGITS = 38;
export const MAX_EXPONENT = 125;
export const MIN_EXPONENT = -130;

const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;
/** Numbers that are canonical as they stand, within 38 digits: nearly all. */
const CANONICAL = /^(?:0|-?[1-9]\d{0,17}(?:\.\d{0,17}[1-9])?|-?0\.\d{0,17}[1-9])$/;

/**
 * DynamoDB's text of a number: plain decimal notation without needless zeros, so that equal numbers have equal texts.
 * @throws AwsError ValidationException: not a number, more than 38 significant digits, outside 1E-130 … 9.9…E+125
 */
export function canonicalNumber(text: string): string {
  return CANONICAL.test(text) ? text : formatDecimal(parseDecimal(text));
}

/** @throws AwsError as `canonicalNumber` */
export function parseDecimal(text: string): Decimal {
  if (text === '') throw validationError('The parameter cannot be converted to a numeric value');
  const match = NUMBER.exec(text);
  const whole = match?.[2] ?? '';
  const fraction = match?.[3] ?? '';
  if (!match || whole.length + fraction.length === 0) {
    throw validationError(`The parameter cannot be converted to a numeric value: ${text}`);
  }
  const all = whole + fraction;
  const start = firstNonZero(all);
  if (start === all.length) return { negative: false, digits: '', exponent: 0 };
  const digits = all.slice(start, afterLastNonZero(all));
  const exponent = whole.length - 1 - start + Number(match[4] ?? 0);
  checkRange(digits.length, exponent);
  return { negative: match[1] === '-', digits, exponent };
}

function checkRange(digits: number, exponent: number): void {
  if (exponent > MAX_EXPONENT) {
    throw validationError(
      'Number overflow. Attempting to store a number with magnitude larger than supported range',
    );
  }
  if (exponent < MIN_EXPONENT) {
    throw validationError(
      'Number underflow. Attempting to store a number with magnitude smaller than supported range',
    );
  }
  if (digits > MAX_DIGITS) {
    throw validationError('Attempting to store more than 38 significant digits in a Number');
  }
}

function formatDecimal({ negative, digits, exponent }: Decimal): string {
  if (digits === '') return '0';
  const sign = negative ? '-' : '';
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  if (exponent >= digits.length - 1) return sign + digits + '0'.repeat(exponent - digits.length + 1);
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

// Loops, because a pattern such as /0+$/ takes quadratic time on a long run of zeros that ends in another digit.
function firstNonZero(digits: string): number {
  let start = 0;
  while (start < digits.length && digits.charCodeAt(start) === 48) start++;
  return start;
}

function afterLastNonZero(digits: string): number {
  let end = digits.length;
  while (end > 0 && digits.charCodeAt(end - 1) === 48) end--;
  return end;
}
