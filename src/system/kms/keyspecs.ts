import { kmsErrors } from './errors.ts';

/** `KeySpec` and `KeyUsage` of the KMS API, with what each kind of key can do. Source: the KMS API reference, CreateKey. */

export const KEY_USAGES = ['SIGN_VERIFY', 'ENCRYPT_DECRYPT', 'GENERATE_VERIFY_MAC', 'KEY_AGREEMENT'] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

/** The only spec whose keys this KMS computes with; the others exist and describe themselves. */
export const SYMMETRIC = 'SYMMETRIC_DEFAULT';

type Abilities = Partial<Record<KeyUsage, readonly string[]>>;

const RSA_SIGNING = [
  ...['RSASSA_PSS_SHA_256', 'RSASSA_PSS_SHA_384', 'RSASSA_PSS_SHA_512'],
  ...['RSASSA_PKCS1_V1_5_SHA_256', 'RSASSA_PKCS1_V1_5_SHA_384', 'RSASSA_PKCS1_V1_5_SHA_512'],
];
const RSA: Abilities = {
  ENCRYPT_DECRYPT: ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'],
  SIGN_VERIFY: RSA_SIGNING,
};
const ML_DSA: Abilities = { SIGN_VERIFY: ['ML_DSA_SHAKE_256'] };

/** Algorithms of each spec, by what the key may be used for; in the order of the API. */
const SPECS = {
  RSA_2048: RSA,
  RSA_3072: RSA,
  RSA_4096: RSA,
  ECC_NIST_P256: { SIGN_VERIFY: ['ECDSA_SHA_256'], KEY_AGREEMENT: ['ECDH'] },
  ECC_NIST_P384: { SIGN_VERIFY: ['ECDSA_SHA_384'], KEY_AGREEMENT: ['ECDH'] },
  ECC_NIST_P521: { SIGN_VERIFY: ['ECDSA_SHA_512'], KEY_AGREEMENT: ['ECDH'] },
  ECC_SECG_P256K1: { SIGN_VERIFY: ['ECDSA_SHA_256'] },
  [SYMMETRIC]: { ENCRYPT_DECRYPT: [SYMMETRIC] },
  HMAC_224: { GENERATE_VERIFY_MAC: ['HMAC_SHA_224'] },
  HMAC_256: { GENERATE_VERIFY_MAC: ['HMAC_SHA_256'] },
  HMAC_384: { GENERATE_VERIFY_MAC: ['HMAC_SHA_384'] },
  HMAC_512: { GENERATE_VERIFY_MAC: ['HMAC_SHA_512'] },
  SM2: { ENCRYPT_DECRYPT: ['SM2PKE'], SIGN_VERIFY: ['SM2DSA'], KEY_AGREEMENT: ['ECDH'] },
  ML_DSA_44: ML_DSA,
  ML_DSA_65: ML_DSA,
  ML_DSA_87: ML_DSA,
  ECC_NIST_EDWARDS25519: { SIGN_VERIFY: ['ED25519_SHA_512', 'ED25519_PH_SHA_512'] },
} as const satisfies Readonly<Record<string, Abilities>>;

export type KeySpec = keyof typeof SPECS;
export const KEY_SPECS = Object.keys(SPECS) as KeySpec[];

/** The member of `KeyMetadata` that lists the algorithms of a usage. */
const ALGORITHM_MEMBERS: Readonly<Record<KeyUsage, string>> = {
  ENCRYPT_DECRYPT: 'EncryptionAlgorithms',
  SIGN_VERIFY: 'SigningAlgorithms',
  GENERATE_VERIFY_MAC: 'MacAlgorithms',
  KEY_AGREEMENT: 'KeyAgreementAlgorithms',
};

export function isUsable(spec: KeySpec, usage: KeyUsage): boolean {
  return algorithms(spec, usage) !== undefined;
}

/** The algorithms of a key, as its metadata shows them. */
export function algorithmMember(spec: KeySpec, usage: KeyUsage): Record<string, readonly string[]> {
  return { [ALGORITHM_MEMBERS[usage]]: algorithms(spec, usage) ?? [] };
}

/** @throws AwsError InvalidKeyUsageException for a key that symmetric cryptography can't be done with */
export function requireSymmetric(
  operation: string,
  key: { spec: KeySpec; usage: KeyUsage },
  arn: string,
): void {
  if (key.spec === SYMMETRIC) return;
  throw kmsErrors.invalidKeyUsage(
    key.usage === 'ENCRYPT_DECRYPT'
      ? `${arn} key spec is ${key.spec} which is not valid for ${operation}.`
      : `${arn} key usage is ${key.usage} which is not valid for ${operation}.`,
  );
}

function algorithms(spec: KeySpec, usage: KeyUsage): readonly string[] | undefined {
  return (SPECS as Readonly<Record<KeySpec, Abilities>>)[spec][usage];
}
