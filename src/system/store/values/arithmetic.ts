import Big from 'big.js';
import { canonicalNumber } from './number.ts';

/** Sums of integers this short are exact in a double. */
const SHORT_INTEGER = /^-?\d{1,15}$/;

/**
 * a + b of two canonical numbers.
 * @throws AwsError ValidationException where the sum leaves DynamoDB's range or needs more than 38 digits
 */
export function addNumbers(a: string, b: string): string {
  if (SHORT_INTEGER.test(a) && SHORT_INTEGER.test(b)) return String(Number(a) + Number(b));
  return canonicalNumber(new Big(a).plus(b).toFixed());
}

/** a − b; see `addNumbers`. */
export function subtractNumbers(a: string, b: string): string {
  if (SHORT_INTEGER.test(a) && SHORT_INTEGER.test(b)) return String(Number(a) - Number(b));
  return canonicalNumber(new Big(a).minus(b).toFixed());
}
