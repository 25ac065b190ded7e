import type { AttributeValue } from '../types.ts';
import { addNumbers } from '../values/values.ts';

/** ADD: a sum or a union; nothing counts as zero or the empty set. */
export function addTo(
  current: AttributeValue | undefined,
  value: AttributeValue,
): AttributeValue | 'mismatch' {
  if (current === undefined) return value;
  if ('N' in value && 'N' in current) return { N: addNumbers(current.N, value.N) };
  if ('SS' in value && 'SS' in current) return { SS: union(current.SS, value.SS) };
  if ('NS' in value && 'NS' in current) return { NS: union(current.NS, value.NS) };
  if ('BS' in value && 'BS' in current) return { BS: union(current.BS, value.BS) };
  return 'mismatch';
}

/** DELETE: a difference; `undefined` where nothing is left, for there are no empty sets. */
export function deleteFrom(
  current: AttributeValue | undefined,
  value: AttributeValue,
): AttributeValue | undefined | 'mismatch' {
  if (current === undefined) return undefined;
  if ('SS' in value && 'SS' in current) {
    const SS = difference(current.SS, value.SS);
    return SS.length === 0 ? undefined : { SS };
  }
  if ('NS' in value && 'NS' in current) {
    const NS = difference(current.NS, value.NS);
    return NS.length === 0 ? undefined : { NS };
  }
  if ('BS' in value && 'BS' in current) {
    const BS = difference(current.BS, value.BS);
    return BS.length === 0 ? undefined : { BS };
  }
  return 'mismatch';
}

function union(current: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...current, ...more])];
}

function difference(current: readonly string[], less: readonly string[]): string[] {
  const gone = new Set(less);
  return current.filter((member) => !gone.has(member));
}
