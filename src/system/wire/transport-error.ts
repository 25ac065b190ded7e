/**
 * A request that got no response. Codes: the system's own (`ECONNREFUSED`, `ECONNRESET`, `EPIPE`, `ENOTFOUND`,
 * `ETIMEDOUT`, …); `Timeout`: the request's own time ran out; `EOF`: the peer closed before the response was whole;
 * `ProtocolError`: what came is not HTTP/1.1, or is larger than allowed; `Closed`: the connection was closed on this
 * side or before the request; `Busy`: a request was already in flight; `CERT_…`: the certificate does not verify;
 * `TLS`: any other failed handshake.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** OpenSSL's reasons why a chain does not end at a trusted authority. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

export function transportError(error: Error, where: string): TransportError {
  if (error instanceof TransportError) return error;
  const code = codeOf(error as NodeJS.ErrnoException);
  return new TransportError(code, `${where}: ${error.message || code}`, { cause: error });
}

function codeOf(error: NodeJS.ErrnoException): string {
  const code = error.code ?? error.name;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'CERT_ALTNAME_INVALID';
  if (UNTRUSTED.has(code)) return 'CERT_UNTRUSTED';
  return code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_') ? 'TLS' : code;
}
