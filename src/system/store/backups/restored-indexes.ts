/** Which indexes a table gets that is restored from a backup. */

import { invalidParameter } from '../errors.ts';
import { NON_KEY_ATTRIBUTES } from '../indexes/definitions.ts';
import type { IndexRecord, Projection } from '../indexes/types.ts';
import type { RequestReader } from '../request.ts';
import type { Billing } from '../tables/catalog.ts';

/** An index as an override lists it. */
interface ListedIndex {
  name: string;
  keys: string[];
  projection: Projection;
  units?: { read: number; write: number };
}

/** Undefined where the request says nothing: all of them. */
export interface IndexOverrides {
  local?: ListedIndex[];
  global?: ListedIndex[];
}

const NAME = { required: true, length: { min: 3, max: 255 } } as const;

/** Constraints that are broken show in `done()`. */
export function readIndexOverrides(request: RequestReader): IndexOverrides {
  return {
    local: request.structures('LocalSecondaryIndexOverride', {})?.map(readIndex),
    global: request.structures('GlobalSecondaryIndexOverride', {})?.map(readIndex),
  };
}

function readIndex(request: RequestReader): ListedIndex {
  const name = request.string('IndexName', NAME) ?? '';
  const keys = request.structures('KeySchema', { required: true, min: 1, max: 2 }) ?? [];
  const projection = request.structure('Projection', { required: true });
  const throughput = request.structure('ProvisionedThroughput');
  return {
    name,
    keys: keys.map((key) => key.string('AttributeName', { required: true }) ?? ''),
    projection: readProjection(projection),
    units: throughput && {
      read: throughput.integer('ReadCapacityUnits', { min: 1, required: true }) ?? 0,
      write: throughput.integer('WriteCapacityUnits', { min: 1, required: true }) ?? 0,
    },
  };
}

function readProjection(request: RequestReader | undefined): Projection {
  const type = request?.choice('ProjectionType', ['ALL', 'KEYS_ONLY', 'INCLUDE']) ?? 'ALL';
  const names = request?.strings('NonKeyAttributes', NON_KEY_ATTRIBUTES) ?? [];
  return type === 'INCLUDE' ? { type, attributes: names.sort() } : { type };
}

/**
 * Those of the backup, or of them the ones that an override lists: the table's items fill them, whatever had become of
 * them in the table that was backed up.
 *
 * @throws AwsError ValidationException for an index that the backup has not, and for units that contradict the billing
 */
export function restoredIndexes(
  source: readonly IndexRecord[],
  overrides: IndexOverrides,
  billing: Billing,
): IndexRecord[] {
  if (billing.mode === 'PAY_PER_REQUEST' && overrides.global?.some(({ units }) => units !== undefined)) {
    throw invalidParameter(
      'Neither ReadCapacityUnits nor WriteCapacityUnits can be specified for an index when BillingMode is PAY_PER_REQUEST',
    );
  }
  const kept = source.filter(({ state }) => state !== 'DELETING');
  const chosen = (['local', 'global'] as const).flatMap((kind) => {
    const ofKind = kept.filter((index) => index.kind === kind);
    const listed = overrides[kind];
    return listed === undefined ? ofKind : choose(ofKind, listed);
  });
  return chosen.map((index) => ({ ...index, state: 'ACTIVE', units: unitsOf(index, billing) }));
}

function choose(indexes: readonly IndexRecord[], listed: readonly ListedIndex[]): IndexRecord[] {
  const names = listed.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice !== undefined) throw invalidParameter(`Duplicate index name: ${twice}`);
  for (const wanted of listed) {
    if (!indexes.some((index) => matches(index, wanted)))
      throw invalidParameter(`The index ${wanted.name} does not match an index of the backup`);
  }
  return indexes
    .filter(({ name }) => names.includes(name))
    .map((index) => ({ ...index, units: listed[names.indexOf(index.name)]!.units ?? index.units }));
}

function matches({ name, key, projection }: IndexRecord, wanted: ListedIndex): boolean {
  const keys = [key.partition.name, ...(key.sort === undefined ? [] : [key.sort.name])];
  return name === wanted.name && isSame(keys, wanted.keys) && isSame(projection, wanted.projection);
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function unitsOf({ kind, name, units }: IndexRecord, billing: Billing): IndexRecord['units'] {
  if (kind === 'local' || billing.mode === 'PAY_PER_REQUEST') return undefined;
  if (units === undefined) {
    throw invalidParameter(
      `ReadCapacityUnits and WriteCapacityUnits must both be specified for index: ${name} when BillingMode is PROVISIONED`,
    );
  }
  return units;
}
