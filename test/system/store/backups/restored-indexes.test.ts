import { expect, it } from 'vitest';
import {
  readIndexOverrides,
  restoredIndexes,
} from '../../../../src/system/store/backups/restored-indexes.ts';
import type { IndexRecord } from '../../../../src/system/store/indexes/types.ts';
import { RequestReader } from '../../../../src/system/store/request.ts';
import type { Billing } from '../../../../src/system/store/tables/catalog.ts';

const ON_DEMAND: Billing = { mode: 'PAY_PER_REQUEST', since_ms: 0 };
const PROVISIONED: Billing = { mode: 'PROVISIONED', read_units: 1, write_units: 1 };

const partition = { name: 'pk', type: 'S' } as const;
const local: IndexRecord = {
  name: 'by-time',
  number: 1,
  kind: 'local',
  key: { partition, sort: { name: 'time', type: 'N' } },
  projection: { type: 'KEYS_ONLY' },
  state: 'ACTIVE',
};
const global: IndexRecord = {
  name: 'by-mail',
  number: 2,
  kind: 'global',
  key: { partition: { name: 'mail', type: 'S' } },
  projection: { type: 'INCLUDE', attributes: ['a', 'b'] },
  units: { read: 3, write: 4 },
  state: 'CREATING',
};
const leaving: IndexRecord = { ...global, name: 'old-one', number: 3, state: 'DELETING' };
const source = [local, global, leaving];

const listedLocal = {
  IndexName: 'by-time',
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'time', KeyType: 'RANGE' },
  ],
  Projection: { ProjectionType: 'KEYS_ONLY' },
};
const listedGlobal = {
  IndexName: 'by-mail',
  KeySchema: [{ AttributeName: 'mail', KeyType: 'HASH' }],
  Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['b', 'a'] },
};

function restored(body: Record<string, unknown>, billing = PROVISIONED): IndexRecord[] {
  const request = new RequestReader(body);
  const overrides = readIndexOverrides(request);
  request.done();
  return restoredIndexes(source, overrides, billing);
}

it('are those of the backup that were not being deleted', () => {
  expect(restored({})).toEqual([local, { ...global, state: 'ACTIVE' }]);
  expect(restored({}, ON_DEMAND)).toEqual([local, { ...global, state: 'ACTIVE', units: undefined }]);
});

it('are those that an override lists, none for an empty list', () => {
  const GlobalSecondaryIndexOverride = [listedGlobal];
  const LocalSecondaryIndexOverride = [listedLocal];
  expect(restored({ GlobalSecondaryIndexOverride: [] })).toEqual([local]);
  expect(restored({ LocalSecondaryIndexOverride: [] })).toMatchObject([{ name: 'by-mail' }]);
  expect(restored({ GlobalSecondaryIndexOverride, LocalSecondaryIndexOverride })).toHaveLength(2);
  const ProvisionedThroughput = { ReadCapacityUnits: 50, WriteCapacityUnits: 60 };
  expect(
    restored({ GlobalSecondaryIndexOverride: [{ ...listedGlobal, ProvisionedThroughput }] }),
  ).toMatchObject([{ name: 'by-time' }, { name: 'by-mail', units: { read: 50, write: 60 } }]);
});

it.each([
  ['another name', { ...listedGlobal, IndexName: 'by-male' }],
  ['one that is being deleted', { ...listedGlobal, IndexName: 'old-one' }],
  ['another key', { ...listedGlobal, KeySchema: [{ AttributeName: 'male', KeyType: 'HASH' }] }],
  ['another projection', { ...listedGlobal, Projection: { ProjectionType: 'ALL' } }],
  ['a local one', listedLocal],
  ['no name', { ...listedGlobal, IndexName: undefined }],
  ['no key', { ...listedGlobal, KeySchema: [] }],
  ['no projection', { ...listedGlobal, Projection: undefined }],
])('must match: %s', (_what, listed) => {
  expect(() => restored({ GlobalSecondaryIndexOverride: [listed] })).toThrow(
    expect.objectContaining({ code: 'ValidationException' }),
  );
});

it('must be listed once, and have units where the table has, and only there', () => {
  const ProvisionedThroughput = { ReadCapacityUnits: 50, WriteCapacityUnits: 60 };
  const withUnits = { GlobalSecondaryIndexOverride: [{ ...listedGlobal, ProvisionedThroughput }] };
  expect(() => restored(withUnits, ON_DEMAND)).toThrow('when BillingMode is PAY_PER_REQUEST');
  expect(() => restored({ GlobalSecondaryIndexOverride: [listedGlobal, listedGlobal] })).toThrow('Duplicate');
  expect(() => restoredIndexes([{ ...global, units: undefined }], {}, PROVISIONED)).toThrow(
    'for index: by-mail',
  );
});
