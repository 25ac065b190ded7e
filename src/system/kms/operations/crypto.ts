import { randomBytes } from 'node:crypto';
import type { KeyAccess } from '../access.ts';
import type { KmsCall } from '../call.ts';
import { sealCiphertext } from '../ciphertext.ts';
import { kmsErrors } from '../errors.ts';
import { Fields } from '../fields.ts';
import { currentMaterial, type KeyRecord } from '../keys.ts';
import type { EncryptionContext } from '../types.ts';
import { ALGORITHM, ALGORITHMS, KEY_ID, readGrantTokens } from './shared.ts';

const PLAINTEXT_BYTES_MAX = 4096;
const CIPHERTEXT_BYTES_MAX = 6144;
const NUMBER_OF_BYTES = { min: 1, max: 1024 };
/** With `DryRun`: only the permission is tried, on the key that the request names. */
const DRY_RUN_MODIFIERS = { items: 1, max: 128, oneOf: ['IGNORE_CIPHERTEXT'] };
const DATA_KEY_BYTES: Readonly<Record<string, number>> = { AES_256: 32, AES_128: 16 };

export function encrypt(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const plaintext = fields.requiredBlob('Plaintext', { max: PLAINTEXT_BYTES_MAX });
  const context = fields.context('EncryptionContext');
  const settings = cryptoSettings(access, fields, 'EncryptionAlgorithm');
  const key = access.findToUse(call, keyId, { action: 'Encrypt', context });
  settings.refuseDryRun();
  const { blob } = seal(key, plaintext, context);
  return { CiphertextBlob: blob, KeyId: access.keyArn(key), EncryptionAlgorithm: ALGORITHM };
}

export function decrypt(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const blob = readCiphertext(fields);
  const context = fields.context('EncryptionContext');
  const keyId = blob ? fields.text('KeyId', KEY_ID) : fields.requiredText('KeyId', KEY_ID);
  const settings = cryptoSettings(access, fields, 'EncryptionAlgorithm');
  const asked = { action: 'Decrypt', context };
  if (blob === undefined) return access.findToUse(call, keyId!, asked) && settings.refuseIgnoring();
  const { key, materialId, plaintext } = access.open(call, blob, asked, keyId);
  settings.refuseDryRun();
  return {
    KeyId: access.keyArn(key),
    Plaintext: plaintext.toString('base64'),
    EncryptionAlgorithm: ALGORITHM,
    KeyMaterialId: materialId,
  };
}

export function reEncrypt(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const blob = readCiphertext(fields);
  const sourceContext = fields.context('SourceEncryptionContext');
  const sourceKeyId = blob ? fields.text('SourceKeyId', KEY_ID) : fields.requiredText('SourceKeyId', KEY_ID);
  const destinationKeyId = fields.requiredText('DestinationKeyId', KEY_ID);
  const destinationContext = fields.context('DestinationEncryptionContext');
  const settings = cryptoSettings(
    access,
    fields,
    'SourceEncryptionAlgorithm',
    'DestinationEncryptionAlgorithm',
  );
  const from = { action: 'ReEncryptFrom', context: sourceContext };
  const source = blob && access.open(call, blob, from, sourceKeyId);
  if (source === undefined) access.findToUse(call, sourceKeyId!, from);
  const key = access.findToUse(call, destinationKeyId, {
    action: 'ReEncryptTo',
    context: destinationContext,
  });
  if (source === undefined) return settings.refuseIgnoring();
  settings.refuseDryRun();
  const sealed = seal(key, source.plaintext, destinationContext);
  source.plaintext.fill(0);
  return {
    CiphertextBlob: sealed.blob,
    SourceKeyId: access.keyArn(source.key),
    KeyId: access.keyArn(key),
    SourceEncryptionAlgorithm: ALGORITHM,
    DestinationEncryptionAlgorithm: ALGORITHM,
    SourceKeyMaterialId: source.materialId,
    DestinationKeyMaterialId: sealed.materialId,
  };
}

export function generateDataKey(access: KeyAccess, call: KmsCall): object {
  const { plaintext, ...answer } = makeDataKey(access, call);
  return { ...answer, Plaintext: plaintext.toString('base64') };
}

export function generateDataKeyWithoutPlaintext(access: KeyAccess, call: KmsCall): object {
  const { plaintext, ...answer } = makeDataKey(access, call);
  plaintext.fill(0);
  return answer;
}

export function generateRandom(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const length = fields.integer('NumberOfBytes', NUMBER_OF_BYTES);
  fields.check();
  if (fields.has('CustomKeyStoreId')) throw kmsErrors.unsupported('Custom key stores are not supported.');
  if (fields.has('Recipient')) throw kmsErrors.unsupported('Recipient is not supported.');
  if (length === undefined) throw kmsErrors.validation('NumberOfBytes is required.');
  access.authorizeCaller(call);
  access.charge(call);
  return { Plaintext: randomBytes(length).toString('base64') };
}

function makeDataKey(access: KeyAccess, call: KmsCall) {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const context = fields.context('EncryptionContext');
  const spec = fields.oneOf('KeySpec', Object.keys(DATA_KEY_BYTES));
  const length = fields.integer('NumberOfBytes', NUMBER_OF_BYTES);
  const settings = cryptoSettings(access, fields);
  if ((spec === undefined) === (length === undefined)) {
    throw kmsErrors.validation('Please specify either number of bytes or key spec.');
  }
  const key = access.findToUse(call, keyId, { action: call.operation, context });
  settings.refuseDryRun();
  const plaintext = randomBytes(length ?? DATA_KEY_BYTES[spec!]!);
  const { blob, materialId } = seal(key, plaintext, context);
  return { CiphertextBlob: blob, KeyId: access.keyArn(key), KeyMaterialId: materialId, plaintext };
}

function seal(key: KeyRecord, plaintext: Uint8Array, context: EncryptionContext) {
  const material = currentMaterial(key);
  const origin = { keyId: key.keyId, materialId: material.id };
  const blob = sealCiphertext(material.secret, origin, plaintext, context);
  return { blob: blob.toString('base64'), materialId: material.id };
}

/** The ciphertext; nothing for a dry run without one. */
function readCiphertext(fields: Fields): Buffer | undefined {
  if (fields.texts('DryRunModifiers', DRY_RUN_MODIFIERS).length > 0) return undefined;
  return fields.requiredBlob('CiphertextBlob', { max: CIPHERTEXT_BYTES_MAX });
}

interface CryptoSettings {
  /** @throws AwsError DryRunOperationException where the request is a dry run */
  refuseDryRun(): void;
  /** For a request without its ciphertext. @throws AwsError always */
  refuseIgnoring(): never;
}

/** Reads what all of them share, last, and refuses what is wrong with any of the fields read so far. */
function cryptoSettings(access: KeyAccess, fields: Fields, ...algorithms: string[]): CryptoSettings {
  const named = algorithms.map((name) => fields.oneOf(name, ALGORITHMS));
  const dryRun = fields.flag('DryRun') ?? false;
  const tokens = readGrantTokens(fields);
  fields.check();
  tokens.check(access);
  if (fields.has('Recipient')) throw kmsErrors.unsupported('Recipient is not supported.');
  if (!dryRun && fields.has('DryRunModifiers')) {
    throw kmsErrors.validation('DryRunModifiers can only be specified if DryRun is true.');
  }
  const other = named.find((algorithm) => algorithm !== undefined && algorithm !== ALGORITHM);
  if (other !== undefined) {
    throw kmsErrors.invalidKeyUsage(`Algorithm ${other} is incompatible with key spec ${ALGORITHM}.`);
  }
  return {
    refuseDryRun: () => {
      if (dryRun) throw kmsErrors.dryRun();
    },
    refuseIgnoring: () => {
      throw kmsErrors.dryRun();
    },
  };
}
