import { invalidParameter, validationError } from '../errors.ts';
import type { KeyAttribute, PrimaryKey } from '../expressions/expressions.ts';
import type { RequestReader } from '../request.ts';
import type { Billing, Tag } from './catalog.ts';

const MAX_UNITS = 1_000_000_000_000;
const ATTRIBUTE_NAME = { required: true, length: { min: 1, max: 255 } } as const;

/** KeySchema and AttributeDefinitions as the request gives them; constraints that are broken show in `done()`. */
export interface SchemaRequest {
  definitions: KeyAttribute[];
  keys: KeyElement[];
}

/** An element of a KeySchema. */
export interface KeyElement {
  name: string;
  type: string;
}

export function readSchema(request: RequestReader): SchemaRequest {
  const definitions = readDefinitions(request, { required: true }) ?? [];
  return { definitions, keys: readKeyElements(request) };
}

/** AttributeDefinitions */
export function readDefinitions(
  request: RequestReader,
  { required = false }: { required?: boolean } = {},
): KeyAttribute[] | undefined {
  return request.structures('AttributeDefinitions', { required })?.map((definition) => ({
    name: definition.string('AttributeName', ATTRIBUTE_NAME) ?? '',
    type: definition.choice('AttributeType', ['B', 'N', 'S'], { required: true }) ?? 'S',
  }));
}

/** KeySchema */
export function readKeyElements(request: RequestReader): KeyElement[] {
  const keys = request.structures('KeySchema', { required: true, min: 1, max: 2 }) ?? [];
  return keys.map((key) => ({
    name: key.string('AttributeName', ATTRIBUTE_NAME) ?? '',
    type: key.choice('KeyType', ['HASH', 'RANGE'], { required: true }) ?? '',
  }));
}

/**
 * @param indexes the KeySchemas of the indexes, which need definitions too
 * @throws AwsError ValidationException when the schema does not hold together
 */
export function primaryKeyOf(
  { definitions, keys }: SchemaRequest,
  indexes: readonly (readonly KeyElement[])[] = [],
): PrimaryKey {
  if (keys.length > definitions.length) {
    throw validationError('Invalid KeySchema: Some index key attribute have no definition');
  }
  const primaryKey = keyFrom(keys, definitions);
  for (const index of indexes) keyFrom(index, definitions);
  const defined = definitions.map(({ name }) => name);
  const twice = defined.find((name, place) => defined.indexOf(name) !== place);
  if (twice !== undefined) throw validationError(`Attribute Name is duplicated: ${twice}`);
  const used = new Set([keys, ...indexes].flat().map(({ name }) => name));
  if (used.size === defined.length) return primaryKey;
  throw invalidParameter(
    indexes.length === 0
      ? 'Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions'
      : 'Some AttributeDefinitions are not used. ' +
          `AttributeDefinitions: [${defined.join(', ')}], keys used: [${[...used].join(', ')}]`,
  );
}

/**
 * The key that a KeySchema describes.
 * @throws AwsError ValidationException
 */
export function keyFrom(keys: readonly KeyElement[], definitions: readonly KeyAttribute[]): PrimaryKey {
  const names = keys.map(({ name }) => name);
  const [partition, sort] = names.map((name) => definitions.find((definition) => definition.name === name));
  if (partition === undefined || (sort === undefined && names.length > 1)) {
    const defined = definitions.map(({ name }) => name);
    throw invalidParameter(
      'Some index key attributes are not defined in AttributeDefinitions. ' +
        `Keys: [${names.join(', ')}], AttributeDefinitions: [${defined.join(', ')}]`,
    );
  }
  if (names[0] === names[1]) {
    throw validationError('Both the Hash Key and the Range Key element in the KeySchema have the same name');
  }
  if (keys[0]!.type !== 'HASH') {
    throw validationError('Invalid KeySchema: The first KeySchemaElement is not a HASH key type');
  }
  if (keys[1] !== undefined && keys[1].type !== 'RANGE') {
    throw validationError('Invalid KeySchema: The second KeySchemaElement is not a RANGE key type');
  }
  return sort === undefined ? { partition } : { partition, sort };
}

export interface BillingRequest {
  mode?: 'PROVISIONED' | 'PAY_PER_REQUEST';
  units?: { read: number; write: number };
}

/** @param ending of the members' names */
export function readBilling(request: RequestReader, ending: '' | 'Override' = ''): BillingRequest {
  const mode = request.choice(`BillingMode${ending}`, ['PROVISIONED', 'PAY_PER_REQUEST']);
  const throughput = request.structure(`ProvisionedThroughput${ending}`);
  if (throughput === undefined) return { mode };
  const write = throughput.integer('WriteCapacityUnits', { min: 1, required: true }) ?? 0;
  const read = throughput.integer('ReadCapacityUnits', { min: 1, required: true }) ?? 0;
  return { mode, units: { read, write } };
}

/** @throws AwsError ValidationException when mode and units contradict each other */
export function billingOf({ mode, units }: BillingRequest, now_ms: number): Billing {
  if (mode === 'PAY_PER_REQUEST') {
    if (units === undefined) return { mode, since_ms: now_ms };
    throw invalidParameter(
      'Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST',
    );
  }
  if (units === undefined) {
    throw invalidParameter(
      'ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED',
    );
  }
  for (const [name, value] of [
    ['ReadCapacityUnits', units.read],
    ['WriteCapacityUnits', units.write],
  ] as const) {
    if (value > MAX_UNITS) throw validationError(`Given value ${value} for ${name} is out of bounds`);
  }
  return { mode: 'PROVISIONED', read_units: units.read, write_units: units.write };
}

export function readTags(request: RequestReader): Tag[] {
  const tags = request.structures('Tags', {}) ?? [];
  return tags.map((tag) => ({
    Key: tag.string('Key', { required: true }) ?? '',
    Value: tag.string('Value', { required: true }) ?? '',
  }));
}
