import { randomBytes } from 'node:crypto';
import type { KeyAccess } from '../access.ts';
import type { KmsCall } from '../call.ts';
import { sealCiphertext } from '../ciphertext.ts';
import { kmsErrors } from '../errors.ts';
import { Fields } from '../fields.ts';
import { currentMaterial, type KeyRecord } from '../keys.ts';
import type { EncryptionContext } from '../types.ts';
import { ALGORITHM, ALGORITHMS, KEY_ID, refuseGrantTokens } from './shared.ts';

const PLAINTEXT_BYTES_MAX = 4096;
const CIPHERTEXT_BYTES_MAX = 6144;
const NUMBER_OF_BYTES = { min: 1, max: 1024 };
const DATA_KEY_BYTES: Readonly<Record<string, number>> = { AES_256: 32, AES_128: 16 };

export function encrypt(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const plaintext = fields.requiredBlob('Plaintext', { max: PLAINTEXT_BYTES_MAX });
  const context = fields.context('EncryptionContext');
  const settings = cryptoSettings(fields, 'EncryptionAlgorithm');
  const key = access.findToUse(call, keyId);
  settings.refuseDryRun();
  const { blob } = seal(key, plaintext, context);
  return { CiphertextBlob: blob, KeyId: access.keyArn(key), EncryptionAlgorithm: ALGORITHM };
}

export function decrypt(access: KeyAccess, call: KmsCall): object {
  const fields = new Fields(call.body);
  const blob = fields.requiredBlob('CiphertextBlob', { max: CIPHERTEXT_BYTES_MAX });
  const context = fields.context('EncryptionContext');
  const keyId = fields.text('KeyId', KEY_ID);
  const settings = cryptoSettings(fields, 'EncryptionAlgorithm');
  const { key, materialId, plaintext } = access.open(call, blob, context, keyId);
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
  const blob = fields.requiredBlob('CiphertextBlob', { max: CIPHERTEXT_BYTES_MAX });
  const sourceContext = fields.context('SourceEncryptionContext');
  const sourceKeyId = fields.text('SourceKeyId', KEY_ID);
  const destinationKeyId = fields.requiredText('DestinationKeyId', KEY_ID);
  const destinationContext = fields.context('DestinationEncryptionContext');
  const settings = cryptoSettings(fields, 'SourceEncryptionAlgorithm', 'DestinationEncryptionAlgorithm');
  const source = access.open(call, blob, sourceContext, sourceKeyId);
  const key = access.findToUse(call, destinationKeyId);
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
  access.charge(call);
  return { Plaintext: randomBytes(length).toString('base64') };
}

function makeDataKey(access: KeyAccess, call: KmsCall) {
  const fields = new Fields(call.body);
  const keyId = fields.requiredText('KeyId', KEY_ID);
  const context = fields.context('EncryptionContext');
  const spec = fields.oneOf('KeySpec', Object.keys(DATA_KEY_BYTES));
  const length = fields.integer('NumberOfBytes', NUMBER_OF_BYTES);
  const settings = cryptoSettings(fields);
  if ((spec === undefined) === (length === undefined)) {
    throw kmsErrors.validation('Please specify either number of bytes or key spec.');
  }
  const key = access.findToUse(call, keyId);
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

/** Reads what all of them share, last, and refuses what is wrong with any of the fields read so far. */
function cryptoSettings(fields: Fields, ...algorithms: string[]): { refuseDryRun(): void } {
  const named = algorithms.map((name) => fields.oneOf(name, ALGORITHMS));
  const dryRun = fields.flag('DryRun') ?? false;
  fields.check();
  refuseGrantTokens(fields);
  if (fields.has('Recipient')) throw kmsErrors.unsupported('Recipient is not supported.');
  if (fields.has('DryRunModifiers')) throw kmsErrors.unsupported('DryRunModifiers is not supported.');
  const other = named.find((algorithm) => algorithm !== undefined && algorithm !== ALGORITHM);
  if (other !== undefined) {
    throw kmsErrors.invalidKeyUsage(`Algorithm ${other} is incompatible with key spec ${ALGORITHM}.`);
  }
  return {
    refuseDryRun: () => {
      if (dryRun) throw kmsErrors.dryRun();
    },
  };
}
