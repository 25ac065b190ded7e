/** Policies and grants as unmodified SDK clients meet them. */
import {
  CreateGrantCommand,
  CreateKeyCommand,
  DecryptCommand,
  EncryptCommand,
  GetKeyPolicyCommand,
  KMSClient,
  ListGrantsCommand,
  ListKeyPoliciesCommand,
  ListRetirableGrantsCommand,
  PutKeyPolicyCommand,
  paginateListGrants,
  RetireGrantCommand,
  RevokeGrantCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from '../../../src/std/errors.ts';
import { type KmsServer, startKmsServer } from '../../../src/system/kms/kms.ts';
import type { Caller } from '../../../src/system/wire/wire.ts';
import { ACCOUNT, alice, bob, dynamodb, REGION } from './harness.ts';

const onlyDecrypt = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'kms:Decrypt', Resource: `arn:aws:kms:${REGION}:${ACCOUNT}:key/*` }],
};

function start(callers: Caller[]): Promise<KmsServer> {
  return startKmsServer({ region: REGION, accountId: ACCOUNT, callers, auth: 'sigv4', port: 0 });
}

describe('the AWS SDK', () => {
  let server: KmsServer;
  let admin: KMSClient;
  let reader: KMSClient;

  beforeAll(async () => {
    server = await start([alice, { ...bob, policy: onlyDecrypt }, dynamodb]);
    [admin, reader] = [alice, bob].map(
      (credentials) => new KMSClient({ endpoint: server.url, region: REGION, credentials }),
    ) as [KMSClient, KMSClient];
  });
  afterAll(async () => {
    admin.destroy();
    reader.destroy();
    await server.close();
  });

  async function createKey(): Promise<{ KeyId: string; Arn: string }> {
    const { KeyMetadata } = await admin.send(new CreateKeyCommand({}));
    return KeyMetadata as { KeyId: string; Arn: string };
  }

  it('puts, gets and lists key policies', async () => {
    const { KeyId } = await createKey();
    const { Policy } = await admin.send(new GetKeyPolicyCommand({ KeyId }));
    expect(JSON.parse(Policy!).Id).toBe('key-default-1');
    const changed = JSON.stringify({ ...JSON.parse(Policy!), Id: 'mine' });
    await admin.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy: changed }));
    expect((await admin.send(new GetKeyPolicyCommand({ KeyId }))).Policy).toBe(changed);
    expect((await admin.send(new ListKeyPoliciesCommand({ KeyId }))).PolicyNames).toEqual(['default']);
    await expect(admin.send(new PutKeyPolicyCommand({ KeyId, Policy: '{}' }))).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
      $metadata: { httpStatusCode: 400 },
    });
    await expect(
      admin.send(new PutKeyPolicyCommand({ KeyId, Policy: '\\'.repeat(131_072) })),
    ).rejects.toMatchObject({ name: 'LimitExceededException' });
  });

  it('creates, lists, uses, retires and revokes grants', async () => {
    const { KeyId, Arn } = await createKey();
    const asked = {
      KeyId,
      GranteePrincipal: bob.principal.arn,
      RetiringPrincipal: bob.principal.arn,
      Operations: ['Encrypt', 'DescribeKey'],
      Constraints: { EncryptionContextSubset: { table: 'orders' } },
    } as const;
    const input = { ...asked, Operations: [...asked.Operations] };
    const { GrantId, GrantToken } = await admin.send(new CreateGrantCommand({ ...input, Name: 'one' }));
    const EncryptionContext = { table: 'orders', more: 'x' };
    const { CiphertextBlob } = await reader.send(
      new EncryptCommand({
        ...{ KeyId, Plaintext: Buffer.of(1), EncryptionContext },
        GrantTokens: [GrantToken!],
      }),
    );
    expect((await reader.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }))).KeyId).toBe(Arn);
    const { Grants } = await admin.send(new ListGrantsCommand({ KeyId }));
    expect(Grants).toMatchObject([
      { GrantId, Name: 'one', KeyId: Arn, Operations: ['DescribeKey', 'Encrypt'] },
    ]);
    expect(Math.abs(Grants![0]!.CreationDate!.getTime() - Date.now())).toBeLessThan(60_000);
    const retirable = new ListRetirableGrantsCommand({ RetiringPrincipal: bob.principal.arn });
    expect((await admin.send(retirable)).Grants).toHaveLength(1);
    await reader.send(new RetireGrantCommand({ GrantToken }));
    await expect(
      reader.send(new EncryptCommand({ KeyId, Plaintext: Buffer.of(1), EncryptionContext })),
    ).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `User: ${bob.principal.arn} is not authorized to perform: kms:Encrypt on resource: ${Arn} because no identity-based policy allows the kms:Encrypt action`,
    });
    for (let i = 0; i < 5; i++) await admin.send(new CreateGrantCommand(input));
    const ids: string[] = [];
    for await (const page of paginateListGrants({ client: admin, pageSize: 2 }, { KeyId })) {
      ids.push(...page.Grants!.map((grant) => grant.GrantId!));
    }
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) await admin.send(new RevokeGrantCommand({ KeyId, GrantId: id }));
    expect((await admin.send(new ListGrantsCommand({ KeyId }))).Grants).toEqual([]);
    await expect(admin.send(new RevokeGrantCommand({ KeyId, GrantId: ids[0]! }))).rejects.toMatchObject({
      name: 'NotFoundException',
    });
  });

  it('is told that a dry run would have succeeded', async () => {
    const { KeyId } = await createKey();
    await expect(
      admin.send(new EncryptCommand({ KeyId, Plaintext: Buffer.of(1), DryRun: true })),
    ).rejects.toMatchObject({ name: 'DryRunOperationException' });
  });

  it('starts no server with a policy that is none', async () => {
    const bad = [alice, { ...bob, policy: { Statement: [{ Effect: 'Allow' }] } }];
    await expect(start(bad)).rejects.toThrow(InputError);
    await expect(start(bad)).rejects.toThrow(
      /the policy of bob: This is no policy: in statement 1, it has no Action/,
    );
  });
});
