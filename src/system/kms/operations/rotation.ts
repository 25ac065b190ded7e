import type { KeyAccess } from '../access.ts';
import type { KmsCall } from '../call.ts';
import { kmsErrors } from '../errors.ts';
import { Fields } from '../fields.ts';
import { type KeyMaterial, type KeyRecord, keyState, rotationSchedule, YEAR_DAYS } from '../keys.ts';
import { SYMMETRIC } from '../keyspecs.ts';
import { isRotationNear, ON_DEMAND_ROTATIONS_MAX, onDemandRotations } from '../rotation.ts';
import { changeKey, KEY_ID, MARKER, page, requiredKeyId } from './shared.ts';

const PERIOD_DAYS = { min: 90, max: 2560 } as const;
const ROTATIONS_PAGE = { usual: 100, max: 1000 } as const;
const INCLUDED = ['ALL_KEY_MATERIAL', 'ROTATIONS_ONLY'] as const;

/** The period counts from now on, also for a key that rotates already with another one. */
export async function enableKeyRotation(access: KeyAccess, call: KmsCall): Promise<object> {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const period_days = fields.integer('RotationPeriodInDays', PERIOD_DAYS) ?? YEAR_DAYS;
  fields.check();
  const values = { 'kms:rotationperiodindays': [String(period_days)] };
  const asked = { action: call.operation, values };
  await changeKey(
    access,
    call,
    keyId,
    (key) => {
      requireRotatable(access, key);
      return key.rotation?.period_days === period_days
        ? key
        : { ...key, rotation: rotationSchedule(period_days, access.keyring.now_ms()) };
    },
    asked,
  );
  return {};
}

export async function disableKeyRotation(access: KeyAccess, call: KmsCall): Promise<object> {
  await changeKey(access, call, requiredKeyId(call), (key) => {
    requireRotatable(access, key);
    const { rotation, ...still } = key;
    return still;
  });
  return {};
}

export function getKeyRotationStatus(access: KeyAccess, call: KmsCall): object {
  const key = access.findById(call, requiredKeyId(call));
  requireRotatable(access, key);
  const { rotation, onDemandRotation_ms } = key;
  const rotating = rotation !== undefined && keyState(key) !== 'PendingDeletion';
  return {
    KeyId: key.keyId,
    KeyRotationEnabled: rotating,
    ...(rotating
      ? { RotationPeriodInDays: rotation.period_days, NextRotationDate: rotation.next_ms / 1000 }
      : {}),
    ...(onDemandRotation_ms === undefined ? {} : { OnDemandRotationStartDate: onDemandRotation_ms / 1000 }),
  };
}

export async function rotateKeyOnDemand(access: KeyAccess, call: KmsCall): Promise<object> {
  const { keyId } = await changeKey(access, call, requiredKeyId(call), (key) => {
    requireRotatable(access, key);
    const now_ms = access.keyring.now_ms();
    if (isRotationNear(key, now_ms)) throw kmsErrors.rotationNear();
    if (onDemandRotations(key) >= ON_DEMAND_ROTATIONS_MAX)
      throw kmsErrors.tooManyRotations(access.keyArn(key));
    return { ...key, onDemandRotation_ms: now_ms };
  });
  return { KeyId: keyId };
}

export function listKeyRotations(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const included = fields.oneOf('IncludeKeyMaterial', INCLUDED);
  const limit = fields.integer('Limit', { min: 1, max: ROTATIONS_PAGE.max }) ?? ROTATIONS_PAGE.usual;
  const marker = fields.text('Marker', MARKER);
  fields.check();
  const key = access.findById(call, keyId);
  requireRotatable(access, key);
  const all = key.materials.map((material, index) => ({ material, name: String(index).padStart(9, '0') }));
  const shown = all.slice(included === 'ALL_KEY_MATERIAL' ? 0 : 1);
  const { entries, rest } = page(
    (name) => shown.filter((entry) => entry.name > name),
    (entry) => entry.name,
    limit,
    marker,
  );
  return { Rotations: entries.map(({ material }) => rotationEntry(key, material)), ...rest };
}

function rotationEntry(key: KeyRecord, { id, created_ms, rotation }: KeyMaterial): object {
  return {
    KeyId: key.keyId,
    KeyMaterialId: id,
    KeyMaterialState: key.materials.at(-1)?.id === id ? 'CURRENT' : 'NON_CURRENT',
    ...(rotation === undefined ? {} : { RotationDate: created_ms / 1000, RotationType: rotation }),
  };
}

function requireRotatable(access: KeyAccess, key: KeyRecord): void {
  if (key.spec !== SYMMETRIC) throw kmsErrors.notRotatable(access.keyArn(key), key.spec);
}
