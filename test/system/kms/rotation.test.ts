import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SimulatedClock } from '../../../src/std/clock.ts';
import { openKeystore } from '../../../src/system/kms/keystore.ts';
import { ACCOUNT, alice, base64, CONTEXT, dynamodb, InProcessKms, outcome, REGION } from './harness.ts';

const DAY_MS = 86_400_000;
const MANAGED = 'alias/aws/dynamodb';

interface Rotation {
  KeyMaterialId: string;
  RotationDate?: number;
  RotationType?: string;
  KeyMaterialState: string;
}

async function rotations(kms: InProcessKms, KeyId: string, more: object = {}): Promise<Rotation[]> {
  return (await kms.call('ListKeyRotations', { KeyId, ...more })).Rotations as Rotation[];
}

function status(kms: InProcessKms, KeyId: string) {
  return kms.call('GetKeyRotationStatus', { KeyId });
}

/** Days since the first instant of the simulated clock, of epoch seconds. */
function day(seconds: unknown): number {
  return ((seconds as number) * 1000 - new SimulatedClock().wall_ms()) / DAY_MS;
}

async function rotateNow(kms: InProcessKms, KeyId: string): Promise<void> {
  await kms.call('RotateKeyOnDemand', { KeyId });
  kms.clock.advance(1000);
}

describe('automatic rotation', () => {
  it('is off until it is enabled, and then every year', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    expect(await status(kms, id)).toEqual({ KeyId: id, KeyRotationEnabled: false });
    kms.clock.advance(1000 * DAY_MS);
    expect(await rotations(kms, id)).toEqual([]);
    await kms.call('EnableKeyRotation', { KeyId: id });
    const { NextRotationDate, ...rest } = await status(kms, id);
    expect(rest).toEqual({ KeyId: id, KeyRotationEnabled: true, RotationPeriodInDays: 365 });
    expect(day(NextRotationDate)).toBe(1365);
    kms.clock.advance(365 * DAY_MS - 1);
    expect(await rotations(kms, id)).toEqual([]);
    kms.clock.advance(1);
    expect((await rotations(kms, id)).map(({ RotationDate }) => day(RotationDate))).toEqual([1365]);
  });

  it('catches up on every period that has passed, each with its date, and describes the newest', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    const first = (await kms.describe(id)).CurrentKeyMaterialId;
    await kms.call('EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 90 });
    kms.clock.advance(365 * DAY_MS);
    const done = await rotations(kms, id);
    expect(done.map(({ RotationDate, RotationType }) => [day(RotationDate), RotationType])).toEqual([
      [90, 'AUTOMATIC'],
      [180, 'AUTOMATIC'],
      [270, 'AUTOMATIC'],
      [360, 'AUTOMATIC'],
    ]);
    expect((await kms.describe(id)).CurrentKeyMaterialId).toBe(done.at(-1)!.KeyMaterialId);
    expect(day((await status(kms, id)).NextRotationDate)).toBe(450);
    const all = await rotations(kms, id, { IncludeKeyMaterial: 'ALL_KEY_MATERIAL' });
    expect(all[0]).toEqual({ KeyId: id, KeyMaterialId: first, KeyMaterialState: 'NON_CURRENT' });
    expect(all.map(({ KeyMaterialState }) => KeyMaterialState).indexOf('CURRENT')).toBe(4);
  });

  it('keeps its date when it is enabled again, and starts anew with another period', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    await kms.call('EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 100 });
    kms.clock.advance(50 * DAY_MS);
    await kms.call('EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 100 });
    expect(day((await status(kms, id)).NextRotationDate)).toBe(100);
    await kms.call('EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 2560 });
    expect(day((await status(kms, id)).NextRotationDate)).toBe(2610);
    await kms.call('DisableKeyRotation', { KeyId: id });
    kms.clock.advance(5000 * DAY_MS);
    expect(await rotations(kms, id)).toEqual([]);
  });

  it('waits while the key is disabled; an overdue key rotates once, when it is enabled again', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    await kms.call('EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 100 });
    await kms.call('DisableKey', { KeyId: id });
    kms.clock.advance(50 * DAY_MS);
    await kms.call('EnableKey', { KeyId: id });
    expect(day((await status(kms, id)).NextRotationDate)).toBe(100);
    await kms.call('DisableKey', { KeyId: id });
    kms.clock.advance(380 * DAY_MS);
    expect(await rotations(kms, id)).toEqual([]);
    expect((await status(kms, id)).KeyRotationEnabled).toBe(true);
    await kms.call('EnableKey', { KeyId: id });
    expect((await rotations(kms, id)).map(({ RotationDate }) => day(RotationDate))).toEqual([430]);
    expect(day((await status(kms, id)).NextRotationDate)).toBe(530);
  });

  it('reads false while the key waits for its deletion, and true again once that is cancelled', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    await kms.call('EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 90 });
    await kms.call('ScheduleKeyDeletion', { KeyId: id });
    expect(await status(kms, id)).toEqual({ KeyId: id, KeyRotationEnabled: false });
    await kms.call('CancelKeyDeletion', { KeyId: id });
    expect((await status(kms, id)).KeyRotationEnabled).toBe(true);
  });

  it.each([
    [89, 'greater than or equal to 90'],
    [2561, 'less than or equal to 2560'],
  ])('refuses a period of %d days', async (RotationPeriodInDays, rule) => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    expect(await outcome(kms.call('EnableKeyRotation', { KeyId: id, RotationPeriodInDays }))).toBe(
      `ValidationException: 1 validation error detected: Value '${RotationPeriodInDays}' at 'rotationPeriodInDays' failed to satisfy constraint: Member must have value ${rule}`,
    );
  });

  it("happens to AWS's own keys every year, and is nobody's to change", async () => {
    const kms = new InProcessKms();
    const context = { KeySpec: 'AES_256', EncryptionContext: CONTEXT };
    const blobs = [];
    for (const KeyId of [MANAGED, 'alias/sealbench/aws-owned/dynamodb']) {
      blobs.push((await kms.call('GenerateDataKey', { KeyId, ...context }, dynamodb, alice)).CiphertextBlob);
    }
    const { Arn } = await kms.describe(MANAGED);
    kms.clock.advance(800 * DAY_MS);
    expect((await status(kms, Arn as string)).KeyRotationEnabled).toBe(true);
    expect((await rotations(kms, Arn as string)).map(({ RotationDate }) => day(RotationDate))).toEqual([
      365, 730,
    ]);
    for (const operation of ['EnableKeyRotation', 'DisableKeyRotation', 'RotateKeyOnDemand']) {
      expect(await outcome(kms.call(operation, { KeyId: Arn }))).toMatch(/^AccessDeniedException/);
    }
    for (const CiphertextBlob of blobs) {
      const body = { CiphertextBlob, EncryptionContext: CONTEXT };
      expect(await outcome(kms.call('Decrypt', body, dynamodb, alice))).toBe('ok');
    }
  });
});

describe('rotation on demand', () => {
  it('is in progress for a moment, and does not move the automatic one', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    const { CurrentKeyMaterialId } = await kms.describe(id);
    await kms.call('EnableKeyRotation', { KeyId: id });
    const before = (await status(kms, id)).NextRotationDate;
    expect(await kms.call('RotateKeyOnDemand', { KeyId: id })).toEqual({ KeyId: id });
    const begun = await status(kms, id);
    expect(begun.OnDemandRotationStartDate).toBe(kms.clock.wall_ms() / 1000);
    expect((await kms.describe(id)).CurrentKeyMaterialId).toBe(CurrentKeyMaterialId);
    kms.clock.advance(1000);
    const done = await status(kms, id);
    expect([done.OnDemandRotationStartDate, done.NextRotationDate]).toEqual([undefined, before]);
    expect(await rotations(kms, id)).toMatchObject([
      { RotationType: 'ON_DEMAND', KeyMaterialState: 'CURRENT' },
    ]);
  });

  it('is done 25 times, and no more', async () => {
    const kms = new InProcessKms();
    const { id, arn } = await kms.createKey();
    for (let i = 0; i < 25; i++) await rotateNow(kms, id);
    expect(await outcome(kms.call('RotateKeyOnDemand', { KeyId: id }))).toBe(
      `LimitExceededException: The on-demand rotations limit has been reached for the given keyId. No more on-demand rotations can be performed for this key: ${arn}`,
    );
    const pages = [];
    for (let Marker: unknown, more = true; more; ) {
      const page = await kms.call('ListKeyRotations', { KeyId: id, Limit: 10, Marker });
      pages.push((page.Rotations as Rotation[]).length);
      Marker = page.NextMarker;
      more = page.Truncated as boolean;
    }
    expect(pages).toEqual([10, 10, 5]);
  });

  it('does not begin within 20 minutes of an automatic one', async () => {
    const kms = new InProcessKms();
    const { id } = await kms.createKey();
    await kms.call('EnableKeyRotation', { KeyId: id, RotationPeriodInDays: 90 });
    kms.clock.advance(90 * DAY_MS - 20 * 60_000);
    expect(await outcome(kms.call('RotateKeyOnDemand', { KeyId: id }))).toMatch(
      /^ConflictException: .*20 minutes/,
    );
    kms.clock.advance(20 * 60_000);
    expect(await outcome(kms.call('RotateKeyOnDemand', { KeyId: id }))).toBe('ok');
  });

  it.each([
    'EnableKeyRotation',
    'DisableKeyRotation',
    'GetKeyRotationStatus',
    'RotateKeyOnDemand',
    'ListKeyRotations',
  ])('of a key for something else there is none: %s', async (operation) => {
    const kms = new InProcessKms();
    const body = { KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' };
    const { KeyMetadata } = (await kms.call('CreateKey', body)) as unknown as {
      KeyMetadata: { Arn: string };
    };
    expect(await outcome(kms.call(operation, { KeyId: KeyMetadata.Arn }))).toBe(
      `UnsupportedOperationException: ${KeyMetadata.Arn} key spec is HMAC_256 which is not valid for this operation.`,
    );
  });
});

describe('on disk', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'kms-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function open(clock = new SimulatedClock()): InProcessKms {
    return new InProcessKms({}, openKeystore({ directory, region: REGION, accountId: ACCOUNT }), clock);
  }

  type Step = 'rotate' | 'enable' | 'disable' | 'automatic' | 'manual' | 'restart' | 'encrypt' | number;
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.constantFrom<Step>('rotate', 'enable', 'disable', 'automatic', 'manual', 'restart', 'encrypt'),
    fc.integer({ min: 1, max: 400 }),
  );

  it('every ciphertext opens, whatever versions there are and whatever was done', async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
      let kms = open();
      const { id: KeyId } = await kms.createKey();
      const blobs: string[] = [];
      for (const next of [...steps, 'enable', 'encrypt']) {
        const attempt = (operation: string, body = {}) => outcome(kms.call(operation, { KeyId, ...body }));
        if (typeof next === 'number') kms.clock.advance(next * DAY_MS);
        else if (next === 'rotate') await attempt('RotateKeyOnDemand');
        else if (next === 'enable') await attempt('EnableKey');
        else if (next === 'disable') await attempt('DisableKey');
        else if (next === 'automatic') await attempt('EnableKeyRotation', { RotationPeriodInDays: 90 });
        else if (next === 'manual') await attempt('DisableKeyRotation');
        else if (next === 'restart') {
          await kms.service.close();
          kms = open(kms.clock);
        } else if ((await kms.describe(KeyId)).Enabled) {
          const body = { KeyId, Plaintext: base64(`secret ${blobs.length}`) };
          blobs.push((await kms.call('Encrypt', body)).CiphertextBlob);
        }
      }
      for (const [index, CiphertextBlob] of blobs.entries()) {
        expect((await kms.call('Decrypt', { CiphertextBlob })).Plaintext).toBe(base64(`secret ${index}`));
      }
      const dates = (await rotations(kms, KeyId)).map(({ RotationDate }) => RotationDate!);
      expect(dates).toEqual([...dates].sort((a, b) => a - b));
      await kms.service.close();
    });
    await fc.assert(property, { seed: 11, numRuns: 25 });
  }, 30_000);

  it('a rotation is done or not done after kill -9, and every ciphertext opens', async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'rotation-child.ts'), directory], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const told: { blob: string; days: number }[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      told.push(JSON.parse(line));
      if (told.length === 40) child.kill('SIGKILL');
    }
    const { days } = told.at(-1)!;
    // Before the child's clock is reached again nothing more is due: what is there was written by the child.
    const clock = new SimulatedClock();
    clock.advance(days * DAY_MS);
    const kms = open(clock);
    const { Keys } = (await kms.call('ListKeys')) as unknown as { Keys: { KeyId: string }[] };
    expect(Keys.length).toBe(1);
    const { KeyId } = Keys[0]!;
    const written = await rotations(kms, KeyId, { Limit: 1000 });
    expect(written.length).toBeGreaterThanOrEqual(days / 90);
    expect(new Set(written.map(({ KeyMaterialId }) => KeyMaterialId)).size).toBe(written.length);
    for (const [index, { blob }] of told.entries()) {
      expect((await kms.call('Decrypt', { CiphertextBlob: blob })).Plaintext).toBe(base64(`secret ${index}`));
    }
    await kms.service.close();
  });

  it('keys stored before there was rotation open, and AWS managed ones have rotated since', async () => {
    const kms = open();
    await kms.call(
      'GenerateDataKey',
      { KeyId: MANAGED, KeySpec: 'AES_256', EncryptionContext: CONTEXT },
      dynamodb,
      alice,
    );
    await kms.service.close();
    const vault = openKeystore({ directory, region: REGION, accountId: ACCOUNT });
    const [{ spec, usage, tags, rotation, ...former }] = vault.load().keys as never as [
      Record<string, never>,
    ];
    expect([spec, usage, tags, rotation]).not.toContain(undefined);
    await vault.save({ keys: [former as never] });
    await vault.close();
    const clock = new SimulatedClock();
    clock.advance(366 * DAY_MS);
    const later = open(clock);
    const { Arn, KeySpec } = await later.describe(MANAGED);
    expect(KeySpec).toBe('SYMMETRIC_DEFAULT');
    expect((await rotations(later, Arn as string)).length).toBe(1);
    await later.service.close();
  });
});
