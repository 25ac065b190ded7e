import type { TableKey } from '../envelope/envelope.ts';
import type { EncryptionContext, KmsClient } from '../kms/types.ts';
import type { Principal } from '../wire/types.ts';
import { asStoreError } from './kms-errors.ts';

export interface KmsKey {
  arn: string;
  manager: 'AWS' | 'CUSTOMER';
}

/** What the store asks of the KMS: keys to choose, table keys to make and to open. Errors are DynamoDB's own. */
export class TableKeyService {
  readonly #kms: KmsClient;
  readonly #accountId: string;

  constructor(kms: KmsClient, accountId: string) {
    this.#kms = kms;
    this.#accountId = accountId;
  }

  /** @param keyId key id, key ARN, alias name or alias ARN */
  async describe(keyId: string): Promise<KmsKey> {
    const { KeyMetadata } = await this.#call<{
      KeyMetadata: { Arn: string; KeyManager: 'AWS' | 'CUSTOMER' };
    }>('DescribeKey', { KeyId: keyId });
    return { arn: KeyMetadata.Arn, manager: KeyMetadata.KeyManager };
  }

  /** Makes a table key. The caller erases its plaintext. */
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
    const body = { CiphertextBlob: kmsCiphertext, EncryptionContext: this.#context(tableName) };
    const { Plaintext } = await this.#call<{ Plaintext: string }>('Decrypt', body, principal);
    return Buffer.from(Plaintext, 'base64');
  }

  #context(tableName: string): EncryptionContext {
    return { 'aws:dynamodb:tableName': tableName, 'aws:dynamodb:subscriberId': this.#accountId };
  }

  async #call<Answer extends object>(
    operation: string,
    body: object,
    principal?: Principal,
  ): Promise<Answer> {
    try {
      return await this.#kms.call<Answer>(operation, body, principal);
    } catch (thrown) {
      throw asStoreError(thrown);
    }
  }
}
