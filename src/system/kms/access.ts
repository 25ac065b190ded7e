import type { Authorizer } from './authorizer.ts';
import type { KmsCall } from './call.ts';
import { type CiphertextOrigin, ciphertextOrigin, openCiphertext } from './ciphertext.ts';
import { kmsErrors } from './errors.ts';
import type { GrantBook } from './grantbook.ts';
import type { Keyring } from './keyring.ts';
import type { KeyRecord } from './keys.ts';
import { requireSymmetric } from './keyspecs.ts';
import { requireState } from './keystates.ts';
import type { Asked } from './request-facts.ts';
import type { EncryptionContext } from './types.ts';
import type { KeyUses } from './uses.ts';

/** The account that AWS owned keys are in: nobody's. */
const AWS_ACCOUNT_ID = '000000000000';
const KEY_ID = /^(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|mrk-[0-9a-f]{32})$/;
const ARN = /^arn:aws(?:-[a-z]+)*:kms:([a-z0-9-]+):(\d{12}):(?:key\/(.+)|(alias\/.+))$/;

export interface KeyAccessOptions {
  region: string;
  accountId: string;
  keyring: Keyring;
  grants: GrantBook;
  authorizer: Authorizer;
  uses: KeyUses;
  /** Takes one cryptographic request from the account's quota; false when there is none left. */
  takeQuota: () => boolean;
}

/** Finds the keys that requests name, and decides who may do what with them. */
export class KeyAccess {
  readonly keyring: Keyring;
  readonly grants: GrantBook;
  readonly authorizer: Authorizer;
  readonly uses: KeyUses;
  readonly accountId: string;
  readonly region: string;
  readonly #takeQuota: () => boolean;

  constructor(options: KeyAccessOptions) {
    this.keyring = options.keyring;
    this.grants = options.grants;
    this.authorizer = options.authorizer;
    this.uses = options.uses;
    this.accountId = options.accountId;
    this.region = options.region;
    this.#takeQuota = options.takeQuota;
  }

  accountOf(key: KeyRecord): string {
    return key.owner === 'aws-owned' ? AWS_ACCOUNT_ID : this.accountId;
  }

  /** @param reference what a request gives for a key, whatever its type */
  isAwsOwned(reference: unknown): boolean {
    if (typeof reference !== 'string') return false;
    const name = reference.slice(reference.lastIndexOf(':') + 1);
    const keyId = this.keyring.alias(name)?.keyId ?? name.slice(name.lastIndexOf('/') + 1);
    return this.keyring.key(keyId)?.owner === 'aws-owned';
  }

  keyArn(key: KeyRecord): string {
    return `arn:aws:kms:${this.region}:${this.accountOf(key)}:key/${key.keyId}`;
  }

  aliasArn(name: string): string {
    return `arn:aws:kms:${this.region}:${this.accountId}:${name}`;
  }

  /** The key by key id, key ARN, alias name or alias ARN, as far as the caller can see it. */
  locate(call: KmsCall, reference: string): KeyRecord {
    if (!reference.startsWith('arn:')) return this.#named(call, reference);
    const [, region, accountId, keyId, alias] = ARN.exec(reference) ?? [];
    if (region === undefined) throw kmsErrors.invalidArn(reference);
    if (region !== this.region) throw kmsErrors.otherRegion(region);
    const ours = accountId === this.accountId || (accountId === AWS_ACCOUNT_ID && isService(call));
    if (!ours) throw kmsErrors.accessDenied(call.principal.arn, call.operation, reference);
    return this.#named(call, keyId ?? alias!);
  }

  /** A key that the request may do this to. */
  find(call: KmsCall, reference: string, asked: Asked = { action: call.operation }): KeyRecord {
    const key = this.locate(call, reference);
    this.authorize(call, key, asked);
    return key;
  }

  /** A key that the request may do this to, and does not name by an alias. */
  findById(call: KmsCall, reference: string, asked?: Asked): KeyRecord {
    if (reference.startsWith('alias/')) throw kmsErrors.invalidKeyId(reference);
    if (reference.includes(':alias/')) throw kmsErrors.invalidArn(reference);
    return this.find(call, reference, asked);
  }

  /** A key that the request may change, and does not name by an alias. Nobody changes AWS owned keys. */
  findToChange(call: KmsCall, reference: string, asked?: Asked): KeyRecord {
    const key = this.findById(call, reference, asked);
    if (key.owner !== 'aws-owned') return key;
    throw kmsErrors.accessDenied(call.principal.arn, call.operation, this.keyArn(key));
  }

  /** A key that the request may encrypt with. */
  findToUse(call: KmsCall, reference: string, asked: Asked): KeyRecord {
    const key = this.find(call, reference, asked);
    this.#requireUsable(call, key);
    return key;
  }

  /** @throws AwsError AccessDeniedException unless policies or grants allow the request to do this to the key */
  authorize(call: KmsCall, key: KeyRecord, asked: Asked): void {
    const refusal = this.authorizer.refusal(call, key, asked);
    if (refusal === undefined) return;
    throw kmsErrors.accessDenied(call.principal.arn, asked.action, this.keyArn(key), refusal);
  }

  /** For what is done to no key, or to an alias. @throws AwsError AccessDeniedException */
  authorizeCaller(call: KmsCall, resource = '*', asked: Asked = { action: call.operation }): void {
    const refusal = this.authorizer.refusalByCaller(call, resource, asked);
    if (refusal === undefined) return;
    throw kmsErrors.accessDenied(call.principal.arn, call.operation, resource, refusal);
  }

  /**
   * Opens a ciphertext with the key that it names.
   * @param reference the key it has to be, if the request says
   */
  open(
    call: KmsCall,
    blob: Buffer,
    asked: Asked & { context: EncryptionContext },
    reference?: string,
  ): OpenedCiphertext {
    const origin = ciphertextOrigin(blob);
    if (origin === undefined) throw kmsErrors.invalidCiphertext();
    const key =
      reference === undefined
        ? this.#ofCiphertext(call, origin, asked)
        : this.#expected(call, origin, asked, reference);
    const material = key.materials.find(({ id }) => id === origin.materialId);
    const plaintext = material && openCiphertext(material.secret, blob, asked.context);
    if (plaintext === undefined) throw kmsErrors.invalidCiphertext();
    return { key, materialId: origin.materialId, plaintext };
  }

  /** Charges a cryptographic request to the account, once however many keys it uses. */
  charge(call: KmsCall): void {
    if (call.charged) return;
    if (!this.#takeQuota()) throw kmsErrors.throttled();
    call.charged = true;
  }

  #named(call: KmsCall, name: string): KeyRecord {
    const key = name.startsWith('alias/') ? this.#ofAlias(name) : this.#ofKeyId(name);
    if (key.owner === 'aws-owned' && !isService(call)) {
      throw name.startsWith('alias/')
        ? kmsErrors.aliasNotFound(this.aliasArn(name))
        : kmsErrors.keyNotFound(this.#arnOf(name));
    }
    call.keys.push(key);
    return key;
  }

  #ofAlias(name: string): KeyRecord {
    const alias = this.keyring.alias(name);
    const key = alias && this.keyring.key(alias.keyId);
    if (key === undefined) throw kmsErrors.aliasNotFound(this.aliasArn(name));
    return key;
  }

  #ofKeyId(keyId: string): KeyRecord {
    if (!KEY_ID.test(keyId)) throw kmsErrors.invalidKeyId(keyId);
    const key = this.keyring.key(keyId);
    if (key === undefined) throw kmsErrors.keyNotFound(this.#arnOf(keyId));
    return key;
  }

  #ofCiphertext(call: KmsCall, origin: CiphertextOrigin, asked: Asked): KeyRecord {
    const key = this.keyring.key(origin.keyId);
    if (key === undefined) {
      throw this.keyring.remembers(origin.keyId)
        ? kmsErrors.ciphertextKeyOutOfReach()
        : kmsErrors.invalidCiphertext();
    }
    if (key.owner === 'aws-owned' && !isService(call)) throw kmsErrors.ciphertextKeyOutOfReach();
    call.keys.push(key);
    const refusal = this.authorizer.refusal(call, key, asked);
    // Through DynamoDB the older text is what users were seen to get.
    if (refusal !== undefined && isService(call)) throw kmsErrors.ciphertextKeyOutOfReach();
    if (refusal !== undefined) throw kmsErrors.ciphertextDenied(call.principal.arn, asked.action, refusal);
    this.#requireUsable(call, key);
    return key;
  }

  #expected(call: KmsCall, origin: CiphertextOrigin, asked: Asked, reference: string): KeyRecord {
    const key = this.locate(call, reference);
    if (key.keyId !== origin.keyId) throw kmsErrors.incorrectKey();
    this.authorize(call, key, asked);
    this.#requireUsable(call, key);
    return key;
  }

  /** @throws AwsError DisabledException, KMSInvalidStateException */
  requireState(call: KmsCall, key: KeyRecord): void {
    requireState(call.operation, key, this.keyArn(key));
  }

  /** AWS owned keys are not charged to the account. */
  #requireUsable(call: KmsCall, key: KeyRecord): void {
    if (key.owner !== 'aws-owned') this.charge(call);
    this.requireState(call, key);
    requireSymmetric(call.operation, key, this.keyArn(key));
  }

  #arnOf(keyId: string): string {
    return `arn:aws:kms:${this.region}:${this.accountId}:key/${keyId}`;
  }
}

export interface OpenedCiphertext {
  key: KeyRecord;
  materialId: string;
  plaintext: Buffer;
}

function isService(call: KmsCall): boolean {
  return call.signer.kind === 'service';
}
