import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  getLocalCryptographicMaterialsCache,
  NodeCachingMaterialsManager,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
} from '@aws-crypto/client-node';

const WRAPPING_KEY_BYTES = 32;
const CACHE_ENTRIES = 100;
/** Of the cached materials: outlasts any benchmark. */
const MAX_AGE_MS = 3_600_000;

/**
 * The AWS Encryption SDK at its cheapest that still commits to its key: a local wrapping key instead of KMS, materials
 * cached, a suite without signature. Seals and opens, with the context that DynamoDB gives to KMS.
 */
export function encryptionSdk(plaintext: Buffer): () => Promise<Buffer> {
  const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  const keyring = new RawAesKeyringNode({
    keyName: 'table',
    keyNamespace: 'sealbench',
    unencryptedMasterKey: new Uint8Array(WRAPPING_KEY_BYTES).fill(7),
    wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
  });
  const materials = new NodeCachingMaterialsManager({
    backingMaterials: keyring,
    cache: getLocalCryptographicMaterialsCache(CACHE_ENTRIES),
    maxAge: MAX_AGE_MS,
  });
  const options = {
    suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY,
    encryptionContext: { 'aws:dynamodb:tableName': 'table-1', 'aws:dynamodb:subscriberId': '111122223333' },
  };
  return async () => {
    const { result } = await encrypt(materials, plaintext, options);
    return (await decrypt(materials, result)).plaintext;
  };
}
