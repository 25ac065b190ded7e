/** Whatever is done to its keys, a table is what a small model of it says. */
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { KeyMessage } from '../../../../src/system/store/types.ts';
import { type Answers, alice, type Bench, hashTable, startBench } from '../harness.ts';
import { KEY_CHANGE_MS, KeyModel, type KeyName } from './key-model.ts';

const SECOND_MS = 1000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const TableName = 'users';
const Item = { pk: { S: 'ann' }, text: { S: 'sealed' } };

// Time is in the test's hand: nothing is to happen because real time passes.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval'] }));
afterEach(() => void vi.useRealTimers());

class Subject {
  readonly model = new KeyModel();
  readonly told: string[] = [];
  readonly arns: Record<'A' | 'B', string> = { A: '', B: '' };
  bench!: Bench;
  /** DynamoDB's own, to be made anew as DynamoDB makes it: for a user. */
  #grant: Answers;
  #connection = 1;

  async open(): Promise<this> {
    const notify = ({ event }: KeyMessage) => void this.told.push(event);
    this.bench = await startBench({ keyChange_ms: KEY_CHANGE_MS, notify });
    for (const name of ['A', 'B'] as const)
      this.arns[name] = (await this.bench.asUser('CreateKey', {})).KeyMetadata.Arn;
    await this.bench.run('CreateTable', { ...hashTable, ...this.under('A') });
    await this.bench.run('PutItem', { TableName, Item });
    [this.#grant] = await this.#grantsOn('A');
    return this;
  }

  under(key: KeyName) {
    const KMSMasterKeyId = key && this.arns[key];
    const SSESpecification =
      key === undefined ? { Enabled: false } : { Enabled: true, SSEType: 'KMS', KMSMasterKeyId };
    return { SSESpecification };
  }

  async #grantsOn(key: 'A' | 'B'): Promise<Answers[]> {
    return (await this.bench.asUser('ListGrants', { KeyId: this.arns[key] })).Grants;
  }

  async revoke(key: 'A' | 'B'): Promise<void> {
    for (const { GrantId } of await this.#grantsOn(key))
      await this.bench.asUser('RevokeGrant', { KeyId: this.arns[key], GrantId });
  }

  async grant(key: 'A' | 'B'): Promise<void> {
    const { GranteePrincipal, RetiringPrincipal, Operations, Constraints } = this.#grant;
    const KeyId = this.arns[key];
    const grant = { KeyId, GranteePrincipal, RetiringPrincipal, Operations, Constraints };
    await this.bench.client.call('CreateGrant', grant, alice.principal);
  }

  async check(): Promise<void> {
    const { model, bench } = this;
    const { Table } = await bench.run('DescribeTable', { TableName });
    const { shown } = model;
    expect(Table.TableStatus).toBe(model.status);
    expect([Table.SSEDescription?.Status, Table.SSEDescription?.KMSMasterKeyArn]).toEqual([
      shown?.status,
      shown?.key && this.arns[shown.key],
    ]);
    expect(Table.ArchivalSummary !== undefined).toBe(model.loss === 'archived');
    expect(this.told).toEqual(model.told);
    this.#connection += 1;
    const request = { TableName, Key: { pk: Item.pk } };
    const read = bench.run('GetItem', request, { connection: this.#connection });
    expect(
      await read.then(
        (answer) => answer.Item,
        () => undefined,
      ),
    ).toEqual(model.opens ? Item : undefined);
  }
}

type Step = fc.AsyncCommand<KeyModel, Subject>;

/** One thing that is done; the model does it too, and then both must be the same. */
function step(
  name: string,
  isPossible: (model: KeyModel) => boolean,
  act: (subject: Subject, model: KeyModel) => Promise<void>,
): Step {
  return {
    toString: () => name,
    check: isPossible,
    run: async (model, subject) => {
      await act(subject, model);
      await subject.check();
    },
  };
}

const usually = fc.constantFrom<'A' | 'B'>('A', 'A', 'A', 'B');
const isThere = (model: KeyModel, key: 'A' | 'B') => model.now_ms < model.keys[key].deletedAt_ms;

const steps = [
  fc.constantFrom<KeyName>('A', 'B', 'B', undefined).map((to) =>
    step(
      `change to ${to}`,
      () => true,
      async (subject, model) => {
        const accepted = await subject.bench.run('UpdateTable', { TableName, ...subject.under(to) }).then(
          () => true,
          () => false,
        );
        expect(accepted).toBe(model.startChange(to));
      },
    ),
  ),
  usually.map((key) =>
    step(
      `disable ${key}`,
      ({ keys }) => keys[key].state === 'Enabled',
      async ({ bench, arns }, model) => {
        await bench.asUser('DisableKey', { KeyId: arns[key] });
        model.keys[key].state = 'Disabled';
      },
    ),
  ),
  usually.map((key) =>
    step(
      `enable ${key}`,
      ({ keys }) => keys[key].state === 'Disabled',
      async ({ bench, arns }, model) => {
        await bench.asUser('EnableKey', { KeyId: arns[key] });
        model.keys[key].state = 'Enabled';
      },
    ),
  ),
  usually.map((key) =>
    step(
      `schedule the deletion of ${key}`,
      ({ keys }) => keys[key].state !== 'PendingDeletion',
      async ({ bench, arns }, model) => {
        await bench.asUser('ScheduleKeyDeletion', { KeyId: arns[key], PendingWindowInDays: 8 });
        model.keys[key].state = 'PendingDeletion';
        model.keys[key].deletedAt_ms = model.now_ms + 8 * DAY_MS;
      },
    ),
  ),
  usually.map((key) =>
    step(
      `cancel the deletion of ${key}`,
      (model) => model.keys[key].state === 'PendingDeletion' && isThere(model, key),
      async ({ bench, arns }, model) => {
        await bench.asUser('CancelKeyDeletion', { KeyId: arns[key] });
        model.keys[key].state = 'Disabled';
        model.keys[key].deletedAt_ms = Number.POSITIVE_INFINITY;
      },
    ),
  ),
  usually.map((key) =>
    step(
      `revoke the grant on ${key}`,
      (model) => model.keys[key].granted && isThere(model, key),
      async (subject, model) => {
        await subject.revoke(key);
        model.keys[key].granted = false;
      },
    ),
  ),
  usually.map((key) =>
    step(
      `grant ${key} again`,
      ({ keys }) => keys[key].state === 'Enabled' && !keys[key].granted,
      async (subject, model) => {
        await subject.grant(key);
        model.keys[key].granted = true;
      },
    ),
  ),
  fc
    .constantFrom(
      1,
      9,
      30,
      60,
      5 * 60,
      8 * 60,
      12 * 60,
      20 * 60,
      20 * 60,
      40 * 60,
      7 * 3600,
      86_400,
      7 * 86_400,
    )
    .map((passed_s) =>
      step(
        `${passed_s} s pass`,
        () => true,
        async ({ bench }, model) => {
          await bench.advance(passed_s * SECOND_MS);
          model.advance(passed_s * SECOND_MS);
        },
      ),
    ),
];

it('is what the model says, whatever becomes of its keys', async () => {
  const seen = new Set<string>();
  const property = fc.asyncProperty(
    fc.commands([...steps, steps.at(-1)!, steps.at(-1)!], { maxCommands: 40 }),
    async (commands) => {
      const subject = await new Subject().open();
      try {
        await fc.asyncModelRun(() => ({ model: subject.model, real: subject }), commands);
        for (const event of subject.told) seen.add(event);
      } finally {
        await subject.bench.close();
      }
    },
  );
  await fc.assert(property, { seed: 41, numRuns: 150 });
  expect([...seen].sort()).toEqual(['key-accessible', 'key-inaccessible', 'table-archived']);
}, 60_000);

it.each([
  ['comes back when a change of key that was held up ends', 'B' as const],
  ["comes back when a change to DynamoDB's own key that was held up ends", undefined],
])('%s', async (_what, to) => {
  const subject = await new Subject().open();
  const { bench, arns } = subject;
  await bench.run('UpdateTable', { TableName, ...subject.under(to) });
  await bench.asUser('DisableKey', { KeyId: arns.A });
  await bench.advance(30 * MINUTE_MS);
  await bench.asUser('EnableKey', { KeyId: arns.A });
  await bench.advance(10 * MINUTE_MS);
  const { Table } = await bench.run('DescribeTable', { TableName });
  expect([Table.TableStatus, Table.SSEDescription?.KMSMasterKeyArn]).toEqual(['ACTIVE', to && arns[to]]);
  expect(subject.told).toEqual(['key-inaccessible', 'key-accessible']);
  await bench.close();
});
