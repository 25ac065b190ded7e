import { type KeyRecord, keyState, newMaterial, type RotationType, rotationSchedule } from './keys.ts';

/** KMS rotates in the background: an on-demand rotation is in progress for this long. */
const ON_DEMAND_MS = 500;
/** No on-demand rotation begins so shortly before an automatic one. Source: ConflictException of the KMS API. */
const CONFLICT_MS = 20 * 60_000;
/** Source: KMS resource quotas. */
export const ON_DEMAND_ROTATIONS_MAX = 25;

/** When the key's next rotation is due, automatic or begun on demand; never for a key that is not enabled. */
export function rotationDue_ms(key: KeyRecord): number {
  if (keyState(key) !== 'Enabled') return Number.POSITIVE_INFINITY;
  const automatic_ms = key.rotation?.next_ms ?? Number.POSITIVE_INFINITY;
  return Math.min(automatic_ms, onDemandDone_ms(key));
}

/** The key after every rotation that is due by now, each with its own date. */
export function rotated(key: KeyRecord, now_ms: number): KeyRecord {
  let current = key;
  for (let due_ms = rotationDue_ms(key); due_ms <= now_ms; due_ms = rotationDue_ms(current)) {
    current =
      due_ms === onDemandDone_ms(current) ? doneOnDemand(current, due_ms) : doneByItself(current, due_ms);
  }
  return current;
}

/**
 * An enabled key that was not for a while: it rotates at once, and once however many dates it missed, and every period
 * thereafter; a schedule of which no date was missed goes on.
 */
export function resumed(key: KeyRecord, now_ms: number): KeyRecord {
  const { rotation } = key;
  if (rotation === undefined || rotation.next_ms > now_ms) return rotated(key, now_ms);
  return rotated({ ...key, rotation: { ...rotation, next_ms: now_ms } }, now_ms);
}

export function onDemandRotations(key: KeyRecord): number {
  return key.materials.filter(({ rotation }) => rotation === 'ON_DEMAND').length;
}

/** True while a rotation is in progress or an automatic one is about to begin. */
export function isRotationNear(key: KeyRecord, now_ms: number): boolean {
  const next_ms = key.rotation?.next_ms ?? Number.POSITIVE_INFINITY;
  return key.onDemandRotation_ms !== undefined || next_ms - now_ms <= CONFLICT_MS;
}

function onDemandDone_ms(key: KeyRecord): number {
  return (key.onDemandRotation_ms ?? Number.POSITIVE_INFINITY) + ON_DEMAND_MS;
}

function doneOnDemand({ onDemandRotation_ms, ...key }: KeyRecord, at_ms: number): KeyRecord {
  return withNewMaterial(key, 'ON_DEMAND', at_ms);
}

function doneByItself(key: KeyRecord, at_ms: number): KeyRecord {
  const rotation = rotationSchedule(key.rotation!.period_days, at_ms);
  return withNewMaterial({ ...key, rotation }, 'AUTOMATIC', at_ms);
}

function withNewMaterial(key: KeyRecord, rotation: RotationType, at_ms: number): KeyRecord {
  return { ...key, materials: [...key.materials, { ...newMaterial(at_ms), rotation }] };
}
