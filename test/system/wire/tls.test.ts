import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:tls';
import { expect, test } from 'vitest';
import { createTlsIdentity } from '../../../src/system/wire/wire.ts';
import { serve } from './fixtures.ts';

test('the certificate is for its hosts, signed by its own authority, and valid now for a month', async () => {
  const identity = await createTlsIdentity(['store.example', '10.1.2.3', 'fe80::1:2', '2001:db8::1']);
  const authority = new X509Certificate(identity.ca);
  const certificate = new X509Certificate(identity.cert);
  expect(certificate.verify(authority.publicKey)).toBe(true);
  expect(certificate.checkIssued(authority)).toBe(true);
  expect([authority.ca, certificate.ca]).toEqual([true, false]);
  expect(certificate.checkHost('store.example')).toBe('store.example');
  expect(certificate.checkHost('localhost')).toBeUndefined();
  for (const address of ['10.1.2.3', 'fe80::1:2', '2001:db8::1']) {
    expect(certificate.checkIP(address)).toBe(address);
  }
  expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  const [from_ms, to_ms] = [certificate.validFrom, certificate.validTo].map((date) => Date.parse(date));
  expect(to_ms! - from_ms!).toBe(30 * 86_400_000);
  expect(Date.now() - from_ms!).toBeGreaterThan(86_000_000);
});

test('every identity is another one', async () => {
  const [one, other] = await Promise.all([createTlsIdentity(), createTlsIdentity()]);
  expect(new X509Certificate(other.cert).verify(new X509Certificate(one.ca).publicKey)).toBe(false);
  expect(one.key).not.toBe(other.key);
});

test('a client that does not trust the certificate leaves no connection that the server waits for', async () => {
  const server = await serve({ tls: await createTlsIdentity() });
  const socket = connect({ host: '127.0.0.1', port: server.port });
  const [error] = (await once(socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY/);
  // The handshake's own time-out, and the grace of closing, are 10 s.
  const patience = new Promise((resolve) => setTimeout(resolve, 5_000, 'still open').unref());
  expect(await Promise.race([server.close(), patience])).toBeUndefined();
});
