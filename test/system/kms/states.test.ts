import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { base64, InProcessKms, outcome } from './harness.ts';

const DAY_MS = 86_400_000;

type Step =
  | { do: 'enable' | 'disable' | 'cancel' | 'encrypt' | 'decrypt' | 'describe' | 'alias' }
  | { do: 'schedule'; days: number }
  | { do: 'advance'; days: number };

/** What AWS documents of a key's states, in the fewest words. */
class Model {
  enabled = true;
  deletion_day = Number.POSITIVE_INFINITY;
  day = 0;

  expected(step: Step, arn: string): string {
    if (step.do === 'advance') {
      this.day += step.days;
      return 'ok';
    }
    if (this.day >= this.deletion_day) {
      if (step.do !== 'decrypt') return `NotFoundException: Key '${arn}' does not exist`;
      return 'AccessDeniedException: The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.';
    }
    const pending = this.deletion_day < Number.POSITIVE_INFINITY;
    if (step.do === 'describe') return 'ok';
    if (step.do === 'cancel') {
      if (!pending) return `KMSInvalidStateException: ${arn} is not pending deletion.`;
      this.deletion_day = Number.POSITIVE_INFINITY;
      this.enabled = false;
      return 'ok';
    }
    if (pending) return `KMSInvalidStateException: ${arn} is pending deletion.`;
    if (step.do === 'encrypt' || step.do === 'decrypt') {
      return this.enabled ? 'ok' : `DisabledException: ${arn} is disabled.`;
    }
    if (step.do === 'enable') this.enabled = true;
    if (step.do === 'disable') this.enabled = false;
    if (step.do === 'schedule') this.deletion_day = this.day + step.days;
    return 'ok';
  }

  state(): string {
    if (this.deletion_day < Number.POSITIVE_INFINITY) return 'PendingDeletion';
    return this.enabled ? 'Enabled' : 'Disabled';
  }
}

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constantFrom<Step>(
    { do: 'enable' },
    { do: 'disable' },
    { do: 'cancel' },
    { do: 'encrypt' },
    { do: 'decrypt' },
    { do: 'describe' },
    { do: 'alias' },
  ),
  fc.record({ do: fc.constant('schedule' as const), days: fc.integer({ min: 7, max: 30 }) }),
  fc.record({ do: fc.constant('advance' as const), days: fc.integer({ min: 1, max: 12 }) }),
);

describe('a key', () => {
  it('goes through its states as documented, whatever is done to it', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const kms = new InProcessKms();
      const { id, arn } = await kms.createKey();
      const { CiphertextBlob } = await kms.call('Encrypt', { KeyId: id, Plaintext: base64('secret') });
      const model = new Model();
      const taken = new Set<string>();
      for (const [index, next] of steps.entries()) {
        const wanted = model.expected(next, arn);
        expect(await outcome(take(kms, next, id, CiphertextBlob, index)), JSON.stringify(next)).toBe(wanted);
        if (next.do === 'alias' && wanted === 'ok') taken.add(`alias/n${index}`);
        const gone = model.day >= model.deletion_day;
        const { Keys } = (await kms.call('ListKeys')) as unknown as { Keys: { KeyId: string }[] };
        expect(Keys.map((key) => key.KeyId)).toEqual(gone ? [] : [id]);
        const { Aliases } = (await kms.call('ListAliases')) as unknown as { Aliases: object[] };
        expect(Aliases.length).toBe(gone ? 0 : taken.size);
        if (!gone) expect((await kms.describe(id)).KeyState).toBe(model.state());
      }
    });
    await fc.assert(property, { seed: 3, numRuns: 150 });
  });

  it('is deleted at the end of its window, not a moment before', async () => {
    const kms = new InProcessKms();
    const { id, arn } = await kms.createKey();
    const scheduled = await kms.call('ScheduleKeyDeletion', { KeyId: id, PendingWindowInDays: 7 });
    expect(scheduled).toEqual({
      KeyId: arn,
      DeletionDate: kms.clock.wall_ms() / 1000 + 7 * 86_400,
      KeyState: 'PendingDeletion',
      PendingWindowInDays: 7,
    });
    expect((await kms.describe(id)).DeletionDate).toBe(scheduled.DeletionDate);
    kms.clock.advance(7 * DAY_MS - 1);
    expect((await kms.describe(id)).Enabled).toBe(false);
    kms.clock.advance(1);
    expect(await outcome(kms.describe(id))).toBe(`NotFoundException: Key '${arn}' does not exist`);
  });

  it('waits 30 days unless told otherwise, and takes its aliases with it', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    await kms.call('CreateAlias', { AliasName: 'alias/a', TargetKeyId: id });
    const { PendingWindowInDays } = await kms.call('ScheduleKeyDeletion', { KeyId: id });
    expect(PendingWindowInDays).toBe(30);
    expect((await kms.describe('alias/a')).KeyId).toBe(id);
    kms.clock.advance(30 * DAY_MS);
    expect(await outcome(kms.describe('alias/a'))).toMatch(/^NotFoundException: Alias .* is not found\.$/);
    const other = await kms.createKey();
    expect(await outcome(kms.call('CreateAlias', { AliasName: 'alias/a', TargetKeyId: other.id }))).toBe(
      'ok',
    );
  });
});

function take(kms: InProcessKms, next: Step, id: string, blob: string, index: number): Promise<unknown> {
  switch (next.do) {
    case 'enable':
      return kms.call('EnableKey', { KeyId: id });
    case 'disable':
      return kms.call('DisableKey', { KeyId: id });
    case 'cancel':
      return kms.call('CancelKeyDeletion', { KeyId: id });
    case 'encrypt':
      return kms.call('GenerateDataKey', { KeyId: id, KeySpec: 'AES_256' });
    case 'decrypt':
      return kms.call('Decrypt', { CiphertextBlob: blob });
    case 'describe':
      return kms.describe(id);
    case 'alias':
      return kms.call('CreateAlias', { AliasName: `alias/n${index}`, TargetKeyId: id });
    case 'schedule':
      return kms.call('ScheduleKeyDeletion', { KeyId: id, PendingWindowInDays: next.days });
    case 'advance':
      kms.clock.advance(next.days * DAY_MS);
      return Promise.resolve();
  }
}
