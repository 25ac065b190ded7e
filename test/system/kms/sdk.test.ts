import { Agent } from 'node:https';
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateMacCommand,
  GenerateRandomCommand,
  KMSClient,
  type KMSClientConfig,
  ListAliasesCommand,
  ListKeysCommand,
  ReEncryptCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
} from '@aws-sdk/client-kms';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KmsServer, startKmsServer } from '../../../src/system/kms/kms.ts';
import { createTlsIdentity, type TlsIdentity } from '../../../src/system/wire/wire.ts';
import { ACCOUNT, alice, callers, REGION } from './harness.ts';

describe.each(['http', 'https'])('the AWS SDK over %s', (scheme) => {
  let server: KmsServer;
  let client: KMSClient;

  beforeAll(async () => {
    const tls: TlsIdentity | undefined = scheme === 'https' ? await createTlsIdentity() : undefined;
    server = await startKmsServer({
      region: REGION,
      accountId: ACCOUNT,
      callers,
      auth: 'sigv4',
      port: 0,
      tls,
    });
    client = sdkClient({ requestHandler: tls && { httpsAgent: new Agent({ ca: tls.ca, keepAlive: true }) } });
  });

  afterAll(async () => {
    client.destroy();
    await server.close();
  });

  function sdkClient(config: KMSClientConfig = {}): KMSClient {
    const { accessKeyId, secretAccessKey } = alice;
    const credentials = { accessKeyId, secretAccessKey };
    return new KMSClient({ endpoint: server.url, region: REGION, credentials, ...config });
  }

  async function createKey(): Promise<string> {
    const { KeyMetadata } = await client.send(new CreateKeyCommand({ Description: 'of a test' }));
    return KeyMetadata!.KeyId!;
  }

  it('makes, describes, disables, enables and deletes keys', async () => {
    expect(server.url.startsWith(`${scheme}://`)).toBe(true);
    const KeyId = await createKey();
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId }));
    expect(KeyMetadata).toMatchObject({ KeyState: 'Enabled', Description: 'of a test' });
    expect(Math.abs(KeyMetadata!.CreationDate!.getTime() - Date.now())).toBeLessThan(60_000);
    await client.send(new DisableKeyCommand({ KeyId }));
    await expect(
      client.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' })),
    ).rejects.toMatchObject({ name: 'DisabledException', message: `${KeyMetadata!.Arn} is disabled.` });
    await client.send(new EnableKeyCommand({ KeyId }));
    const deletion = await client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    expect(deletion.KeyState).toBe('PendingDeletion');
    expect((await client.send(new CancelKeyDeletionCommand({ KeyId }))).KeyId).toBe(KeyMetadata!.Arn);
    const keys = await client.send(new ListKeysCommand({}));
    expect(keys.Keys).toContainEqual({ KeyId, KeyArn: KeyMetadata!.Arn });
  });

  it('encrypts, decrypts and re-encrypts', async () => {
    const [KeyId, DestinationKeyId] = [await createKey(), await createKey()];
    const EncryptionContext = { table: 'Bestellungen für Übermorgen 🗝' };
    const plaintext = Buffer.from('0123456789abcdef');
    const sealed = await client.send(new EncryptCommand({ KeyId, Plaintext: plaintext, EncryptionContext }));
    const moved = await client.send(
      new ReEncryptCommand({
        CiphertextBlob: sealed.CiphertextBlob,
        SourceEncryptionContext: EncryptionContext,
        DestinationKeyId,
      }),
    );
    const opened = await client.send(new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob }));
    expect(Buffer.from(opened.Plaintext!)).toEqual(plaintext);
    await expect(
      client.send(new DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob })),
    ).rejects.toMatchObject({ name: 'InvalidCiphertextException' });
  });

  it('generates data keys and random bytes', async () => {
    const KeyId = await createKey();
    const made = await client.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }));
    const opened = await client.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob }));
    expect(Buffer.from(opened.Plaintext!)).toEqual(Buffer.from(made.Plaintext!));
    const kept = await client.send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId, NumberOfBytes: 64 }));
    expect('Plaintext' in kept).toBe(false);
    const random = await client.send(new GenerateRandomCommand({ NumberOfBytes: 20 }));
    expect(random.Plaintext!.length).toBe(20);
  });

  it('names keys by alias', async () => {
    const [first, second] = [await createKey(), await createKey()];
    const AliasName = 'alias/orders';
    await client.send(new CreateAliasCommand({ AliasName, TargetKeyId: first }));
    await client.send(new UpdateAliasCommand({ AliasName, TargetKeyId: second }));
    const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId: AliasName }));
    expect(KeyMetadata!.KeyId).toBe(second);
    expect((await client.send(new ListAliasesCommand({ KeyId: second }))).Aliases).toHaveLength(1);
    await client.send(new DeleteAliasCommand({ AliasName }));
    await expect(client.send(new DescribeKeyCommand({ KeyId: AliasName }))).rejects.toMatchObject({
      name: 'NotFoundException',
    });
  });

  it('is told what is not there, and who is not known', async () => {
    await expect(
      client.send(
        new GenerateMacCommand({ KeyId: 'a', MacAlgorithm: 'HMAC_SHA_256', Message: Buffer.of(1) }),
      ),
    ).rejects.toMatchObject({ name: 'UnknownOperationException' });
    const { calls } = server.counters();
    const trail = server.trail();
    const stranger = sdkClient({
      credentials: { accessKeyId: alice.accessKeyId, secretAccessKey: 'wrong' },
      requestHandler: client.config.requestHandler,
    });
    await expect(stranger.send(new ListKeysCommand({}))).rejects.toMatchObject({
      name: 'InvalidSignatureException',
    });
    // The log has every request; the account's trail has none of people who are not of the account.
    expect(server.counters().calls).toEqual({ ...calls, ListKeys: calls.ListKeys! + 1 });
    expect(server.trail()).toEqual(trail);
  });
});
