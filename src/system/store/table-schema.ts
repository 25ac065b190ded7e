import type { Billing, Tag } from './catalog.ts';
import { invalidParameter, validationError } from './errors.ts';
import type { PrimaryKey } from './expressions/expressions.ts';
import type { RequestReader } from './request.ts';
import type { KeyType } from './values/values.ts';

/** Parameters of tables that this store does not keep. */
const UNSUPPORTED = [
  'LocalSecondaryIndexes',
  'GlobalSecondaryIndexes',
  'GlobalSecondaryIndexUpdates',
] as const;

const MAX_UNITS = 1_000_000_000_000;
const ATTRIBUTE_NAME = { required: true, length: { min: 1, max: 255 } } as const;

/** @throws AwsError ValidationException */
export function refuseUnsupported(body: Readonly<Record<string, unknown>>): void {
  const found = UNSUPPORTED.find((name) => body[name] !== undefined && body[name] !== null);
  if (found !== undefined) throw invalidParameter(`${found} is not supported yet. Leave it out`);
}

/** KeySchema and AttributeDefinitions as the request gives them; constraints that are broken show in `done()`. */
export interface SchemaRequest {
  definitions: { name: string; type: KeyType }[];
  keys: { name: string; type: string }[];
}

export function readSchema(request: RequestReader): SchemaRequest {
  const definitions = request.structures('AttributeDefinitions', { required: true }) ?? [];
  const keys = request.structures('KeySchema', { required: true, min: 1, max: 2 }) ?? [];
  return {
    definitions: definitions.map((definition) => ({
      name: definition.string('AttributeName', ATTRIBUTE_NAME) ?? '',
      type: definition.choice('AttributeType', ['B', 'N', 'S'], { required: true }) ?? 'S',
    })),
    keys: keys.map((key) => ({
      name: key.string('AttributeName', ATTRIBUTE_NAME) ?? '',
      type: key.choice('KeyType', ['HASH', 'RANGE'], { required: true }) ?? '',
    })),
  };
}

/** @throws AwsError ValidationException when the schema does not hold together */
export function primaryKeyOf({ definitions, keys }: SchemaRequest): PrimaryKey {
  const names = keys.map(({ name }) => name);
  const defined = definitions.map(({ name }) => name);
  if (names.length > defined.length) {
    throw validationError('Invalid KeySchema: Some index key attribute have no definition');
  }
  if (names.some((name) => !defined.includes(name))) {
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
  if (names.length !== defined.length) {
    throw invalidParameter(
      'Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions',
    );
  }
  const [partition, sort] = names.map((name) => definitions.find((definition) => definition.name === name)!);
  return sort === undefined ? { partition: partition! } : { partition: partition!, sort };
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
