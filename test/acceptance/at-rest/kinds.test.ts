/** What the page says of all keys, of AWS owned keys and of AWS managed keys. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateGrantCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListAliasesCommand,
  ListKeyRotationsCommand,
  ListKeysCommand,
  PutKeyPolicyCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openKeystore } from '../../../src/system/kms/keystore.ts';
import { ACCOUNT_ID } from '../../../src/system/system.ts';
import {
  type AtRest,
  atRest,
  createKey,
  createTable,
  describeTable,
  failure,
  get,
  put,
  under,
} from './at-rest.ts';

const MANAGED = 'alias/aws/dynamodb';
let at: AtRest;

beforeAll(async () => {
  at = await atRest();
});
afterAll(async () => {
  await at.stop();
});

/** Of the calls on a key, or of all. */
async function namesInTrail(keyArn?: string): Promise<string[]> {
  const events = await at.trail();
  return events
    .filter(({ resources }) => keyArn === undefined || resources.some(({ ARN }) => ARN === keyArn))
    .map(({ eventName }) => eventName);
}

async function callsOfKms(): Promise<Record<string, number>> {
  return JSON.parse(await at.admin('/counters')).kms.calls;
}

/** Rotations that the KMS's own disk shows: AWS owned keys can't be seen otherwise. Nothing else may have it open. */
async function rotationsOfOwnedKey(): Promise<string[]> {
  const vault = openKeystore({ directory: join(at.data, 'kms'), region: 'us-east-1', accountId: ACCOUNT_ID });
  const owned = vault.load().keys.find(({ owner }) => owner === 'aws-owned')!;
  await vault.close();
  return owned.materials.flatMap(({ rotation }) => rotation ?? []);
}

describe('AWS owned keys', () => {
  it("5. AWS owned keys aren't in your account", async () => {
    await createTable(at, 'owned');
    await put(at, 'owned');
    expect((await callsOfKms()).GenerateDataKey).toBe(1);
    expect((await at.kms.send(new ListKeysCommand({}))).Keys).toEqual([]);
    expect((await at.kms.send(new ListAliasesCommand({}))).Aliases).toEqual([]);
  });

  it('6. DynamoDB protects tables with an AWS owned key where you name no other', async () => {
    const text = Buffer.from('text of a');
    expect((await describeTable(at, 'owned')).SSEDescription).toBeUndefined();
    expect(await get(at, 'owned')).toBe(text.toString());
    expect(filesWith(text)).toEqual([]);
    expect(filesWith(Buffer.from('owned'))).not.toEqual([]);
  });

  it("8. AWS owned keys can't be viewed, managed, used or audited", async () => {
    const KeyId = 'alias/sealbench/aws-owned/dynamodb';
    for (const command of [
      new DescribeKeyCommand({ KeyId }),
      new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }),
    ]) {
      // biome-ignore lint/suspicious/noExplicitAny: a union of commands fits no overload
      expect((await failure(at.kms.send(command as any))).name).toBe('NotFoundException');
    }
    expect((await namesInTrail()).filter((name) => /Decrypt|GenerateDataKey|CreateGrant/.test(name))).toEqual(
      [],
    );
    expect((await callsOfKms()).Decrypt).toBeGreaterThan(0);
  });

  it('9. AWS owned keys need no work and no change to programs', async () => {
    await at.pass('730d');
    expect(await get(at, 'owned')).toBe('text of a');
  });

  it('7. AWS owned keys rotate every year', async () => {
    await at.stop();
    expect(await rotationsOfOwnedKey()).toEqual(['AUTOMATIC', 'AUTOMATIC']);
    at = await atRest();
  });

  it("10. AWS owned keys cost nothing: your account's trail has no request to bill", async () => {
    const { dynamodb } = at.clientsOf('default');
    await createTable(at, 'owned');
    await put({ dynamodb }, 'owned');
    expect(await at.trail()).toEqual([]);
    expect((await callsOfKms()).Decrypt).toBe(1);
  });

  it("11. AWS owned keys don't count against your KMS quotas", async () => {
    await createTable(at, 'customer', under(await createKey(at.kms)));
    await at.admin('/kms/fault', { kind: 'throttle', for: '1h' });
    const { dynamodb } = at.clientsOf('default');
    expect(await get({ dynamodb }, 'owned')).toBe('text of a');
    expect((await failure(get({ dynamodb }, 'customer'))).name).toBe('ThrottlingException');
    await at.pass('61m');
    expect(await get({ dynamodb }, 'customer')).toBeUndefined();
  });
});

describe('AWS managed keys', () => {
  let arn: string;

  const aliases = async () => (await at.kms.send(new ListAliasesCommand({}))).Aliases!;

  it("16. DynamoDB's AWS managed key is made when the first table needs it", async () => {
    expect((await aliases()).map(({ AliasName }) => AliasName)).not.toContain(MANAGED);
    arn = (await createTable(at, 'first', under())).SSEDescription!.KMSMasterKeyArn!;
    expect((await aliases()).map(({ AliasName }) => AliasName)).toContain(MANAGED);
  });

  it('15. Tables with KMS encryption that name no key are under the AWS managed key, aws/dynamodb', async () => {
    const { TargetKeyId } = (await aliases()).find(({ AliasName }) => AliasName === MANAGED)!;
    expect(arn).toMatch(new RegExp(`:key/${TargetKeyId}$`));
  });

  it('17. Tables made later are under the same AWS managed key', async () => {
    const { SSEDescription } = await createTable(at, 'second', under());
    expect(SSEDescription).toMatchObject({ Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: arn });
  });

  it('12. AWS managed keys are in your account: you can view them and their policies', async () => {
    const { KeyMetadata } = await at.kms.send(new DescribeKeyCommand({ KeyId: MANAGED }));
    expect(KeyMetadata).toMatchObject({ Arn: arn, AWSAccountId: ACCOUNT_ID, KeyManager: 'AWS' });
    const { Policy } = await at.kms.send(new GetKeyPolicyCommand({ KeyId: KeyMetadata!.KeyId }));
    expect(JSON.parse(Policy!)).toMatchObject({ Id: 'auto-dynamodb-1' });
    const conditions = JSON.parse(Policy!).Statement[0].Condition.StringEquals;
    expect(conditions['kms:ViaService']).toBe('dynamodb.us-east-1.amazonaws.com');
  });

  it('13. The use of AWS managed keys is in the trail', async () => {
    await put(at, 'first');
    expect(await namesInTrail(arn)).toEqual(expect.arrayContaining(['GenerateDataKey', 'Decrypt']));
  });

  it("14. You can't manage AWS managed keys or change their permissions", async () => {
    const KeyId = arn;
    const { Policy } = await at.kms.send(new GetKeyPolicyCommand({ KeyId }));
    const commands = [
      new DisableKeyCommand({ KeyId }),
      new ScheduleKeyDeletionCommand({ KeyId }),
      new PutKeyPolicyCommand({ KeyId, Policy }),
      new CreateGrantCommand({
        KeyId,
        GranteePrincipal: `arn:aws:iam::${ACCOUNT_ID}:user/caller-1`,
        Operations: ['Decrypt'],
      }),
      new DisableKeyRotationCommand({ KeyId }),
      new RotateKeyOnDemandCommand({ KeyId }),
      new TagResourceCommand({ KeyId, Tags: [{ TagKey: 'a', TagValue: 'b' }] }),
      new UpdateKeyDescriptionCommand({ KeyId, Description: 'mine' }),
      new UpdateAliasCommand({ AliasName: MANAGED, TargetKeyId: KeyId }),
      new DeleteAliasCommand({ AliasName: MANAGED }),
      new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }),
    ];
    for (const command of commands) {
      // biome-ignore lint/suspicious/noExplicitAny: a union of commands fits no overload
      const { name } = await failure(at.kms.send(command as any));
      expect([command.constructor.name, name]).toEqual([
        command.constructor.name,
        expect.stringMatching(/AccessDenied|NotAuthorized|UnsupportedOperation|ValidationException/),
      ]);
    }
    expect(await get(at, 'first')).toBe('text of a');
  });

  async function rotations(): Promise<(string | undefined)[]> {
    const { Rotations } = await at.kms.send(new ListKeyRotationsCommand({ KeyId: arn }));
    return Rotations!.map(({ RotationType }) => RotationType);
  }

  it('3. A new AWS managed key rotates by itself one year after it was made', async () => {
    const status = await at.kms.send(new GetKeyRotationStatusCommand({ KeyId: arn }));
    expect(status).toMatchObject({ KeyRotationEnabled: true, RotationPeriodInDays: 365 });
    await at.pass('364d');
    expect(await rotations()).toEqual([]);
    await at.pass('1d');
    expect(await rotations()).toEqual(['AUTOMATIC']);
  });

  it('4. An AWS managed key rotates again one year after its most recent rotation, every year', async () => {
    await at.pass('364d');
    expect(await rotations()).toHaveLength(1);
    await at.pass('1d');
    expect(await rotations()).toEqual(['AUTOMATIC', 'AUTOMATIC']);
    await at.pass('730d');
    expect(await rotations()).toHaveLength(4);
    expect(await get(at, 'first')).toBe('text of a');
  });

  it('2. KMS manages the keys that tables are encrypted under', async () => {
    const calls = (await at.trail()).filter(({ resources }) => resources.some(({ ARN }) => ARN === arn));
    const byService = calls.filter(({ userIdentity }) => userIdentity.invokedBy === 'dynamodb.amazonaws.com');
    expect(byService.find(({ eventName }) => eventName === 'GenerateDataKey')).toMatchObject({
      eventSource: 'kms.amazonaws.com',
      requestParameters: {
        encryptionContext: {
          'aws:dynamodb:tableName': 'first',
          'aws:dynamodb:subscriberId': ACCOUNT_ID,
        },
      },
    });
  });

  it('1. Data at rest is sealed with AES-256', async () => {
    const [made] = (await at.trail()).filter(({ eventName }) => eventName === 'GenerateDataKey');
    expect(made!.requestParameters!.keySpec).toBe('AES_256');
    const { KeyMetadata } = await at.kms.send(new DescribeKeyCommand({ KeyId: MANAGED }));
    expect(KeyMetadata!.EncryptionAlgorithms).toEqual(['SYMMETRIC_DEFAULT']);
    expect(filesWith(Buffer.from('text of a'))).toEqual([]);
  });
});

/** Files of the store and the KMS that have such bytes. */
function filesWith(bytes: Buffer): string[] {
  return readdirSync(at.data, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(at.data, name)).isFile())
    .filter((name) => readFileSync(join(at.data, name)).includes(bytes));
}
