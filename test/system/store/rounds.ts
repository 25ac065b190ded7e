/**
 * Writes whose order a table shows: write number n gives item n modulo `ROUND` the number n. Whatever is a moment of
 * such a table is the table after some write, and after no later one.
 */
export const ROUND = 400;

export function roundKey(number: number) {
  const index = number % ROUND;
  return { pk: { S: `p${index % 7}` }, sk: { N: String(index) } };
}

export function roundItem(number: number) {
  return { ...roundKey(number), number: { N: String(number) }, text: { S: 'x'.repeat((number * 31) % 900) } };
}

/** The items after write `last`, in the order of their keys. */
export function roundAt(last: number) {
  const first = Math.max(0, last - ROUND + 1);
  return Array.from({ length: last - first + 1 }, (_, offset) => roundItem(first + offset));
}
