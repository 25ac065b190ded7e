/** What the crash test's processes agree on. */
export { ACCOUNT, alice, REGION, service } from './harness.ts';

export function keyOf(index: number) {
  return { pk: { S: `p${index % 3}` }, sk: { N: String((index * 7919) % 100_003) } };
}

export function itemOf(index: number) {
  return { ...keyOf(index), index: { N: String(index) }, text: { S: 'x'.repeat(index % 700) } };
}
