import { createHash, generateKeyPair, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import { promisify } from 'node:util';
import * as der from './der.ts';
import type { TlsIdentity } from './types.ts';

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = der.sequence(der.objectIdentifier('1.2.840.10045.4.3.2'));
const AUTHORITY_NAME = 'sealbench throw-away CA';
const SERVER_NAME = 'sealbench';

/**
 * A certificate for `hosts` (names or IP addresses) from an authority of its own, whose key is forgotten at once.
 * Both are P-256 and valid from a day ago for 30 days. Source: RFC 5280.
 */
export async function createTlsIdentity(
  hosts: readonly string[] = ['localhost', '127.0.0.1', '::1'],
): Promise<TlsIdentity> {
  const [authority, server] = await Promise.all([generateKeys(), generateKeys()]);
  const ca = certificate(authority.privateKey, authority.publicKey, AUTHORITY_NAME, [
    extension('2.5.29.19', true, der.sequence(der.boolean(true), der.integer(Buffer.of(0)))),
    extension('2.5.29.15', true, der.bitString(Buffer.of(0b0000_0110), 1)),
    extension('2.5.29.14', false, der.octetString(keyIdentifier(authority.publicKey))),
  ]);
  const cert = certificate(authority.privateKey, server.publicKey, SERVER_NAME, [
    extension('2.5.29.19', true, der.sequence()),
    extension('2.5.29.15', true, der.bitString(Buffer.of(0b1000_0000), 7)),
    extension('2.5.29.37', false, der.sequence(der.objectIdentifier('1.3.6.1.5.5.7.3.1'))),
    extension('2.5.29.17', false, der.sequence(...hosts.map(alternativeName))),
    extension('2.5.29.35', false, der.sequence(der.implicit(0, keyIdentifier(authority.publicKey)))),
  ]);
  return { key: server.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert, ca };
}

function generateKeys(): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  return promisify(generateKeyPair)('ec', { namedCurve: 'P-256' });
}

/** @returns PEM */
function certificate(
  signer: KeyObject,
  subjectKey: KeyObject,
  subject: string,
  extensions: Buffer[],
): string {
  const start_ms = Date.now() - DAY_MS;
  const serial = randomBytes(16);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const content = der.sequence(
    der.explicit(0, der.integer(Buffer.of(2))),
    der.integer(serial),
    ECDSA_WITH_SHA256,
    commonName(AUTHORITY_NAME),
    der.sequence(der.utcTime(start_ms), der.utcTime(start_ms + 30 * DAY_MS)),
    commonName(subject),
    subjectKey.export({ type: 'spki', format: 'der' }),
    der.explicit(3, der.sequence(...extensions)),
  );
  const signed = der.sequence(content, ECDSA_WITH_SHA256, der.bitString(sign('sha256', content, signer)));
  const lines = signed.toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`;
}

function commonName(name: string): Buffer {
  return der.sequence(der.set(der.sequence(der.objectIdentifier('2.5.4.3'), der.utf8String(name))));
}

function extension(identifier: string, critical: boolean, value: Buffer): Buffer {
  const flag = critical ? [der.boolean(true)] : [];
  return der.sequence(der.objectIdentifier(identifier), ...flag, der.octetString(value));
}

/** RFC 5280, 4.2.1.2, method 1: SHA-1 of the public key's bits, which are the last 65 bytes of a P-256 SPKI. */
function keyIdentifier(key: KeyObject): Buffer {
  const point = key.export({ type: 'spki', format: 'der' }).subarray(-65);
  return createHash('sha1').update(point).digest();
}

function alternativeName(host: string): Buffer {
  if (isIP(host) === 0) return der.implicit(2, Buffer.from(host, 'latin1'));
  return der.implicit(7, isIP(host) === 4 ? Buffer.from(host.split('.').map(Number)) : ipv6Bytes(host));
}

function ipv6Bytes(address: string): Buffer {
  // The URL parser brings every spelling (zeros left out, a dotted IPv4 tail) to one.
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head, tail] = plain.split('::').map((half) => half.split(':').filter((group) => group !== ''));
  const gap = tail === undefined ? [] : Array<string>(8 - head!.length - tail.length).fill('0');
  return Buffer.from(
    [...head!, ...gap, ...(tail ?? [])].map((group) => group.padStart(4, '0')).join(''),
    'hex',
  );
}
