/**
 * A driver of one's own: the AWS Encryption SDK in place of a store, beside our `envelope` driver.
 *
 *     npx sealbench run examples/encryption-sdk.yaml
 *
 * It seals an item for every write and opens one for every read, with data keys from the embedded system's KMS, which a
 * caching materials manager keeps as long as the workload's key cache would. Outside of this repository it needs
 * `npm install @aws-crypto/client-node @aws-sdk/client-kms`.
 */
import { Agent } from 'node:https';
import {
  AlgorithmSuiteIdentifier,
  buildClient,
  CommitmentPolicy,
  getClient,
  getLocalCryptographicMaterialsCache,
  KMS,
  KmsKeyringNode,
  NodeCachingMaterialsManager,
} from '@aws-crypto/client-node';
import type { CreateDriver, DriverOptions, OwnDriver } from 'sealbench/driver';

const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);

const createDriver: CreateDriver = (options) => {
  const { arm, target } = options;
  const itemBytes = arm.table.itemBytes;
  if (itemBytes.kind !== 'fixed') throw new Error("this driver wants one 'table.itemBytes' for all items");
  const plaintext = Buffer.alloc(itemBytes.value, 'x');
  const materials = new Map(options.callers.map((caller) => [caller, materialsOf(options, caller)]));
  /** What a table would hold. */
  const sealed = new Map<number, Buffer>();

  const seal = async (caller: number, key: number): Promise<void> => {
    const { result } = await encrypt(materials.get(caller)!, plaintext, {
      suiteId: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY,
      encryptionContext: { table: target.tables[0]! },
    });
    sealed.set(key, result);
  };

  const driver: OwnDriver = {
    async open() {
      for (let key = 0; key < arm.table.items; key++) await seal(options.callers[0]!, key);
    },

    async perform({ kind, caller, key }) {
      switch (kind) {
        case 'get': {
          const item = sealed.get(key);
          if (item === undefined) return 'sealbench:nothing-found';
          await decrypt(materials.get(caller)!, item);
          return undefined;
        }
        case 'put':
        case 'insert':
          await seal(caller, key);
          return undefined;
        default:
          return `No${kind}`;
      }
    },
  };
  return driver;
};

export default createDriver;

/** A caller's own key cache, over the KMS of the embedded system with the caller's own credentials. */
function materialsOf({ arm, target }: DriverOptions, caller: number): NodeCachingMaterialsManager {
  if (!target.embedded || !target.keyArn)
    throw new Error("this driver wants 'target: embedded' and a customer managed key");
  const { url, ca } = target.embedded.kms;
  const { accessKeyId, secretAccessKey } = target.callers[caller]!;
  const keyring = new KmsKeyringNode({
    generatorKeyId: target.keyArn,
    clientProvider: getClient(KMS, {
      endpoint: url,
      credentials: { accessKeyId, secretAccessKey },
      requestHandler: { httpsAgent: new Agent({ ca, keepAlive: true }) },
    }),
  });
  return new NodeCachingMaterialsManager({
    backingMaterials: keyring,
    cache: getLocalCryptographicMaterialsCache(arm.system.keyCache.entries),
    maxAge: arm.system.keyCache.ttl_ms,
    partition: String(caller),
  });
}
