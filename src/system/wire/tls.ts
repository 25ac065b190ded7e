import type { TlsIdentity } from './types.ts';

/**
 * A certificate for `hosts` (names or IP addresses) from an authority of its own, whose key is forgotten at once.
 * Both are P-256 and valid from a day ago for 30 days.
 */
export async function createTlsIdentity(
  hosts: readonly string[] = ['localhost', '127.0.0.1', '::1'],
): Promise<TlsIdentity> {
  // The library takes 0.1 s to load, and of all processes only the one that makes the certificate needs it.
  const { issueIdentity } = await import('./certificates.ts');
  return issueIdentity(hosts);
}
