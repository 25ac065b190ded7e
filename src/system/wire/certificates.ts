import 'reflect-metadata';
import { KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { TlsIdentity } from './types.ts';

const DAY_MS = 86_400_000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const AUTHORITY_NAME = 'CN=sealbench throw-away CA';
const SERVER_NAME = 'CN=sealbench';

/** See `createTlsIdentity`. */
export async function issueIdentity(hosts: readonly string[]): Promise<TlsIdentity> {
  const [authority, server] = [await generateKeys(), await generateKeys()];
  const ca = await issue(AUTHORITY_NAME, authority.publicKey, authority.privateKey, [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    await SubjectKeyIdentifierExtension.create(authority.publicKey, false, webcrypto),
  ]);
  const cert = await issue(SERVER_NAME, server.publicKey, authority.privateKey, [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
    new SubjectAlternativeNameExtension(
      hosts.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value })),
    ),
    await AuthorityKeyIdentifierExtension.create(authority.publicKey, false, webcrypto),
  ]);
  return { key: privateKeyPem(server.privateKey), cert, ca };
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

/** @returns PEM */
async function issue(
  subject: string,
  publicKey: webcrypto.CryptoKey,
  signingKey: webcrypto.CryptoKey,
  extensions: Extension[],
): Promise<string> {
  const notBefore = new Date(Date.now() - DAY_MS);
  const certificate = await X509CertificateGenerator.create(
    {
      serialNumber: randomBytes(16).toString('hex'),
      subject,
      issuer: AUTHORITY_NAME,
      notBefore,
      notAfter: new Date(notBefore.getTime() + 30 * DAY_MS),
      signingAlgorithm: ALGORITHM,
      publicKey,
      signingKey,
      extensions,
    },
    webcrypto,
  );
  return certificate.toString('pem');
}

function privateKeyPem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString();
}
