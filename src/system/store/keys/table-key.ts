import type { TableKey } from '../../envelope/envelope.ts';
import type { EncryptionContext, KmsClient } from '../../kms/types.ts';
import type { Principal } from '../../wire/types.ts';
import { asStoreError } from './kms-errors.ts';

/** What DynamoDB asks to be granted. Source: DynamoDB Developer Guide, "Using grants to authorize DynamoDB". */
const GRANT_OPERATIONS = [
  ...['DescribeKey', 'GenerateDataKey', 'Decrypt', 'Encrypt', 'ReEncryptFrom', 'ReEncryptTo'],
  'RetireGrant',
];

export interface KmsKey {
  arn: string;
  manager: 'AWS' | 'CUSTOMER';
}

/** What the store asks of the KMS: keys to choose, table keys to make and to open. Errors are DynamoDB's own. */
export class TableKeyService {
  /** Decrypts that the store asked for itself, to change a key and the like: no cache miss is behind them. */
  ownDecrypts = 0;
  readonly #kms: KmsClient;
  readonly #accountId: string;
  /** DynamoDB in this Region, as a principal of grants. */
  readonly #service: string;

  constructor(kms: KmsClient, accountId: string, region: string) {
    this.#kms = kms;
    this.#accountId = accountId;
    this.#service = `dynamodb.${region}.amazonaws.com`;
  }

  /**
   * @param keyId key id, key ARN, alias name or alias ARN
   * @param principal who chose the key; the service for itself without it
   */
  async describe(keyId: string, principal?: Principal): Promise<KmsKey> {
    const { KeyMetadata } = await this.#call<{
      KeyMetadata: { Arn: string; KeyManager: 'AWS' | 'CUSTOMER' };
    }>('DescribeKey', { KeyId: keyId }, principal);
    return { arn: KeyMetadata.Arn, manager: KeyMetadata.KeyManager };
  }

  /**
   * Has a user grant the service the use of a key for one table.
   * @param name asked for again, it finds the same grant
   * @returns the grant's id
   */
  async createGrant(tableName: string, keyArn: string, name: string, principal: Principal): Promise<string> {
    const body = {
      KeyId: keyArn,
      Name: name,
      GranteePrincipal: this.#service,
      RetiringPrincipal: this.#service,
      Operations: GRANT_OPERATIONS,
      Constraints: { EncryptionContextSubset: this.#context(tableName) },
    };
    return (await this.#call<{ GrantId: string }>('CreateGrant', body, principal)).GrantId;
  }

  async retireGrant(keyArn: string, grantId: string): Promise<void> {
    await this.#call('RetireGrant', { KeyId: keyArn, GrantId: grantId });
  }

  /** The grant of that name among those that the service may retire. */
  async findGrant(name: string): Promise<string | undefined> {
    let marker: string | undefined;
    do {
      const body = { RetiringPrincipal: this.#service, Limit: 100, Marker: marker };
      const page = await this.#call<{ Grants: { Name?: string; GrantId: string }[]; NextMarker?: string }>(
        'ListRetirableGrants',
        body,
      );
      const found = page.Grants.find((grant) => grant.Name === name);
      if (found !== undefined) return found.GrantId;
      marker = page.NextMarker;
    } while (marker !== undefined);
    return undefined;
  }

  /** Makes a table key, as the service. The caller erases its plaintext. */
  async generate(tableName: string, keyId: string): Promise<TableKey> {
    const answer = await this.#call<{ Plaintext: string; CiphertextBlob: string; KeyId: string }>(
      'GenerateDataKey',
      {
        KeyId: keyId,
        KeySpec: 'AES_256',
        EncryptionContext: this.#context(tableName),
      },
    );
    return {
      plaintext: Buffer.from(answer.Plaintext, 'base64'),
      kmsCiphertext: answer.CiphertextBlob,
      kmsKeyArn: answer.KeyId,
    };
  }

  /**
   * @param principal who accesses the table; the service for itself without it
   * @returns the table key in the clear, for the caller to erase
   */
  async decrypt(tableName: string, kmsCiphertext: string, principal?: Principal): Promise<Buffer> {
    if (principal === undefined) this.ownDecrypts++;
    return this.#decrypt(tableName, kmsCiphertext, principal);
  }

  /**
   * As `decrypt` by the service for itself, without waiting in real time for a KMS that throttles or is down: for whoever
   * comes back to it by lifecycle time, of which hours may pass while it waits.
   */
  async decryptAtOnce(tableName: string, kmsCiphertext: string): Promise<Buffer> {
    this.ownDecrypts++;
    return this.#decrypt(tableName, kmsCiphertext, undefined, 1);
  }

  async #decrypt(
    tableName: string,
    kmsCiphertext: string,
    principal?: Principal,
    attempts?: number,
  ): Promise<Buffer> {
    const body = { CiphertextBlob: kmsCiphertext, EncryptionContext: this.#context(tableName) };
    const { Plaintext } = await this.#call<{ Plaintext: string }>('Decrypt', body, principal, attempts);
    return Buffer.from(Plaintext, 'base64');
  }

  #context(tableName: string): EncryptionContext {
    return { 'aws:dynamodb:tableName': tableName, 'aws:dynamodb:subscriberId': this.#accountId };
  }

  async #call<Answer extends object>(
    operation: string,
    body: object,
    principal?: Principal,
    attempts?: number,
  ): Promise<Answer> {
    try {
      return await this.#kms.call<Answer>(operation, body, principal, attempts);
    } catch (thrown) {
      throw asStoreError(thrown, operation);
    }
  }
}
