/** What the page says of customer managed keys. */
import {
  CreateBackupCommand,
  DescribeBackupCommand,
  RestoreTableFromBackupCommand,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateGrantCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListGrantsCommand,
  ListKeyRotationsCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  RevokeGrantCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ACCOUNT_ID } from '../../../src/system/system.ts';
import {
  type AtRest,
  atRest,
  createKey,
  createTable,
  DENIED,
  describeTable,
  failure,
  get,
  KEY_DISABLED,
  put,
  tableThat,
  under,
} from './at-rest.ts';

const userArn = (name: string): string => `arn:aws:iam::${ACCOUNT_ID}:user/${name}`;
const noKeys = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: 'kms:Decrypt', Resource: '*' }],
};
const onlyList = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'kms:ListKeys', Resource: '*' }],
};
let at: AtRest;

beforeAll(async () => {
  at = await atRest({ callers: 3, policies: { 'caller-2': noKeys, 'caller-3': onlyList } });
});
afterAll(async () => {
  await at.stop();
});

it('18. You set the key policies of customer managed keys', async () => {
  const KeyId = await createKey(at.kms);
  await createTable(at, 'by-policy', under(KeyId));
  await put(at, 'by-policy');
  const { Policy } = await at.kms.send(new GetKeyPolicyCommand({ KeyId }));
  const policy = JSON.parse(Policy!);
  const denied = {
    Sid: 'no reading through DynamoDB',
    Effect: 'Deny',
    Principal: { AWS: userArn('caller-1') },
    Action: 'kms:Decrypt',
    Resource: '*',
    Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' } },
  };
  const setPolicy = (value: object) =>
    at.kms.send(new PutKeyPolicyCommand({ KeyId, Policy: JSON.stringify(value) }));
  await setPolicy({ ...policy, Statement: [...policy.Statement, denied] });
  await at.pass('6m');
  expect(await failure(get(at, 'by-policy'))).toMatchObject(DENIED);
  await setPolicy(policy);
  expect(await get(at, 'by-policy')).toBe('text of a');
});

it('19. IAM policies of callers decide, too', async () => {
  await createTable(at, 'by-iam', under(await createKey(at.kms)));
  await put(at, 'by-iam');
  expect(await get(at, 'by-iam')).toBe('text of a');
  expect(await failure(get(at.clientsOf('caller-2'), 'by-iam'))).toMatchObject(DENIED);
});

it('20. You give and revoke grants', async () => {
  const KeyId = await createKey(at.kms);
  await createTable(at, 'by-grant', under(KeyId));
  await put(at, 'by-grant');
  const other = at.clientsOf('caller-3');
  expect(await failure(get(other, 'by-grant'))).toMatchObject(DENIED);
  const { GrantId } = await at.kms.send(
    new CreateGrantCommand({
      KeyId,
      GranteePrincipal: userArn('caller-3'),
      Operations: ['Decrypt'],
      Constraints: { EncryptionContextSubset: { 'aws:dynamodb:tableName': 'by-grant' } },
    }),
  );
  expect(await get(other, 'by-grant')).toBe('text of a');
  const { Grants } = await at.kms.send(new ListGrantsCommand({ KeyId }));
  expect(Grants!.map(({ GranteePrincipal }) => GranteePrincipal)).toEqual(
    expect.arrayContaining([userArn('caller-3'), 'dynamodb.us-east-1.amazonaws.com']),
  );
  await at.kms.send(new RevokeGrantCommand({ KeyId, GrantId }));
  await at.pass('6m');
  expect(await failure(get(other, 'by-grant'))).toMatchObject(DENIED);
});

it('21. You disable and enable customer managed keys', async () => {
  const KeyId = await createKey(at.kms);
  const use = () => at.kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));
  await at.kms.send(new DisableKeyCommand({ KeyId }));
  expect(await failure(use())).toEqual({ name: 'DisabledException', message: `${KeyId} is disabled.` });
  await at.kms.send(new EnableKeyCommand({ KeyId }));
  expect((await use()).KeyId).toBe(KeyId);
});

it('22. You rotate their key material: by the calendar and on demand; what was sealed before still opens', async () => {
  const KeyId = await createKey(at.kms);
  const { CiphertextBlob } = await at.kms.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('old') }));
  await createTable(at, 'rotated', under(KeyId));
  await put(at, 'rotated');
  await at.kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }));
  await at.pass('90d');
  await at.kms.send(new RotateKeyOnDemandCommand({ KeyId }));
  await at.pass('1m');
  const { Rotations } = await at.kms.send(new ListKeyRotationsCommand({ KeyId }));
  expect(Rotations!.map(({ RotationType }) => RotationType)).toEqual(['AUTOMATIC', 'ON_DEMAND']);
  const status = await at.kms.send(new GetKeyRotationStatusCommand({ KeyId }));
  expect(status).toMatchObject({ KeyRotationEnabled: true, RotationPeriodInDays: 90 });
  const { Plaintext } = await at.kms.send(new DecryptCommand({ CiphertextBlob }));
  expect(Buffer.from(Plaintext!).toString()).toBe('old');
  expect(await get(at, 'rotated')).toBe('text of a');
});

it('23. You add tags', async () => {
  const KeyId = await createKey(at.kms);
  await at.kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: 'team', TagValue: 'blue' }] }));
  const { Tags } = await at.kms.send(new ListResourceTagsCommand({ KeyId }));
  expect(Tags).toEqual([{ TagKey: 'team', TagValue: 'blue' }]);
});

it('24. You make aliases, which tables can name', async () => {
  const arn = await createKey(at.kms);
  await at.kms.send(new CreateAliasCommand({ AliasName: 'alias/notes', TargetKeyId: arn }));
  const { SSEDescription } = await createTable(at, 'by-alias', under('alias/notes'));
  expect(SSEDescription!.KMSMasterKeyArn).toBe(arn);
});

it('25. You schedule their deletion', async () => {
  const KeyId = await createKey(at.kms);
  const asked = new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 });
  expect(await at.kms.send(asked)).toMatchObject({ KeyState: 'PendingDeletion', PendingWindowInDays: 7 });
  await at.kms.send(new CancelKeyDeletionCommand({ KeyId }));
  await at.kms.send(asked);
  await at.pass('8d');
  expect((await failure(at.kms.send(new DescribeKeyCommand({ KeyId })))).name).toBe('NotFoundException');
});

it('27. A backup keeps the table key of its time', async () => {
  const first = await createKey(at.kms);
  await createTable(at, 'backed-up', under(first));
  await put(at, 'backed-up');
  const { SourceTableDetails, SourceTableFeatureDetails } = (await backUp('backed-up')).description;
  expect(SourceTableDetails!.TableName).toBe('backed-up');
  expect(SourceTableFeatureDetails!.SSEDescription!.KMSMasterKeyArn).toBe(first);
});

it("28. Changing the table's key leaves the keys of its backups as they are", async () => {
  const [first, second] = [await createKey(at.kms), await createKey(at.kms)];
  await createTable(at, 'changed', under(first));
  await put(at, 'changed');
  const { arn, description } = await backUp('changed');
  await at.dynamodb.send(new UpdateTableCommand({ TableName: 'changed', ...under(second) }));
  await at.pass('30s');
  await tableThat(at, 'changed', ({ SSEDescription: sse }) => sse!.KMSMasterKeyArn === second);
  expect(await describeBackup(arn)).toEqual(description);
  // The new key is of no use to the backup: it needs its own.
  await at.kms.send(new DisableKeyCommand({ KeyId: first }));
  const TargetTableName = 'restored';
  const restore = () =>
    at.dynamodb.send(new RestoreTableFromBackupCommand({ TargetTableName, BackupArn: arn }));
  expect((await failure(restore())).message).toMatch(/is disabled/);
  await at.kms.send(new EnableKeyCommand({ KeyId: first }));
  await restore();
  const table = await tableThat(at, TargetTableName, ({ TableStatus }) => TableStatus === 'ACTIVE');
  expect(table.SSEDescription!.KMSMasterKeyArn).toBe(first);
  expect(await get(at, TargetTableName)).toBe('text of a');
});

async function backUp(TableName: string) {
  const { BackupDetails } = await at.dynamodb.send(
    new CreateBackupCommand({ TableName, BackupName: 'nightly' }),
  );
  const arn = BackupDetails!.BackupArn!;
  for (;;) {
    const description = await describeBackup(arn);
    if (description.BackupDetails!.BackupStatus === 'AVAILABLE') return { arn, description };
  }
}

async function describeBackup(BackupArn: string) {
  return (await at.dynamodb.send(new DescribeBackupCommand({ BackupArn }))).BackupDescription!;
}

/** Everything that users and the service do with a table's data. */
async function everyUse(TableName: string): Promise<void> {
  const uses = [
    get(at, TableName),
    put(at, TableName),
    at.dynamodb.send(new CreateBackupCommand({ TableName, BackupName: 'nightly' })),
    at.dynamodb.send(new UpdateTableCommand({ TableName, SSESpecification: { Enabled: false } })),
  ];
  for (const result of await Promise.allSettled(uses)) {
    expect(result).toMatchObject({ status: 'rejected' });
  }
}

it('29. With its key disabled, nobody reads or writes the table: no user, and not the service', async () => {
  const KeyId = await createKey(at.kms);
  await createTable(at, 'disabled', under(KeyId));
  await put(at, 'disabled');
  await at.kms.send(new DisableKeyCommand({ KeyId }));
  await at.pass('6m');
  expect(await failure(get(at, 'disabled'))).toMatchObject(KEY_DISABLED);
  expect(await failure(put(at, 'disabled'))).toMatchObject(KEY_DISABLED);
  await everyUse('disabled');
  expect((await describeTable(at, 'disabled')).SSEDescription!.KMSMasterKeyArn).toBe(KeyId);
});

it('30. Nor with its key scheduled for deletion', async () => {
  const KeyId = await createKey(at.kms);
  await createTable(at, 'scheduled', under(KeyId));
  await put(at, 'scheduled');
  await at.kms.send(new ScheduleKeyDeletionCommand({ KeyId }));
  await at.pass('6m');
  const refused = {
    name: 'ValidationException',
    message: expect.stringContaining(`${KeyId} is pending deletion.`),
  };
  expect(await failure(get(at, 'scheduled'))).toMatchObject(refused);
  expect(await failure(put(at, 'scheduled'))).toMatchObject(refused);
  await everyUse('scheduled');
});

it('31. DynamoDB needs access to the key throughout: it has it by a grant', async () => {
  const KeyId = await createKey(at.kms);
  await createTable(at, 'granted', under(KeyId));
  await put(at, 'granted');
  const { Grants } = await at.kms.send(new ListGrantsCommand({ KeyId }));
  expect(Grants).toHaveLength(1);
  const { GrantId, GranteePrincipal } = Grants![0]!;
  expect(GranteePrincipal).toBe('dynamodb.us-east-1.amazonaws.com');
  await at.kms.send(new RevokeGrantCommand({ KeyId, GrantId }));
  expect(
    await failure(
      at.dynamodb.send(
        new UpdateTableCommand({ TableName: 'granted', SSESpecification: { Enabled: false } }),
      ),
    ),
  ).toMatchObject(DENIED);
});
