import { TransportError } from './transport-error.ts';

/** One response, its body whole. Headers are parsed only when asked for. */
export class HttpResponse {
  readonly status: number;
  /** Status line and header lines, CRLF between them. */
  readonly head: string;
  readonly body: Buffer;
  #headers: Map<string, string> | undefined;

  constructor(status: number, head: string, body: Buffer) {
    this.status = status;
    this.head = head;
    this.body = body;
  }

  /** By lower-case name; repeated headers are joined with `, `. */
  get headers(): ReadonlyMap<string, string> {
    if (this.#headers !== undefined) return this.#headers;
    const headers = new Map<string, string>();
    for (const line of this.head.split('\r\n').slice(1)) {
      const colon = line.indexOf(':');
      const name = line.slice(0, colon).toLowerCase();
      const value = line.slice(colon + 1).trim();
      const earlier = headers.get(name);
      headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
    }
    this.#headers = headers;
    return headers;
  }
}

/** What the head of a response says about its body and its connection. RFC 9112, sections 6.3 and 9.3. */
export interface ResponseHead {
  status: number;
  /** Bytes of the body; `undefined`: chunked, or until the peer closes. */
  length: number | undefined;
  chunked: boolean;
  /** The connection can carry another request. */
  keepAlive: boolean;
}

/**
 * @param text status line and header lines, CRLF between them
 * @throws TransportError ProtocolError
 */
export function parseResponseHead(text: string): ResponseHead {
  const status = parseStatus(text);
  let keepAlive = text.charCodeAt(7) === 0x31;
  let length: number | undefined;
  let chunked = false;
  let lineEnd = text.indexOf('\r\n');
  while (lineEnd >= 0) {
    const start = lineEnd + 2;
    const next = text.indexOf('\r\n', start);
    lineEnd = next;
    // Only names that start with c or t matter here: Content-Length, Connection, Transfer-Encoding.
    const initial = text.charCodeAt(start) | 0x20;
    if (initial !== 0x63 && initial !== 0x74) continue;
    const colon = text.indexOf(':', start);
    const end = next < 0 ? text.length : next;
    if (colon < 0 || colon >= end) throw protocolError('a header line without a colon');
    const size = colon - start;
    if (size !== 14 && size !== 10 && size !== 17) continue;
    const name = text.slice(start, colon).toLowerCase();
    if (name === 'content-length') length = parseLength(text.slice(colon + 1, end), length);
    else if (name === 'transfer-encoding') chunked = parseCoding(text.slice(colon + 1, end), chunked);
    else if (name === 'connection') keepAlive = staysOpen(text.slice(colon + 1, end), keepAlive);
  }
  if (chunked && length !== undefined) throw protocolError('both Content-Length and Transfer-Encoding');
  if (status === 204 || status === 304 || status < 200)
    return { status, length: 0, chunked: false, keepAlive };
  return { status, length, chunked, keepAlive: keepAlive && (chunked || length !== undefined) };
}

function parseStatus(text: string): number {
  if (!/^HTTP\/1\.[01] [1-5]\d\d(?:[ \r]|$)/.test(text)) {
    throw protocolError(`a status line of HTTP/1.1 expected, got ${JSON.stringify(text.slice(0, 40))}`);
  }
  return (text.charCodeAt(9) - 48) * 100 + (text.charCodeAt(10) - 48) * 10 + (text.charCodeAt(11) - 48);
}

function parseLength(text: string, earlier: number | undefined): number {
  const digits = text.trim();
  const length = Number(digits);
  if (!/^\d{1,15}$/.test(digits) || (earlier !== undefined && earlier !== length)) {
    throw protocolError(`a bad Content-Length: ${JSON.stringify(digits.slice(0, 40))}`);
  }
  return length;
}

function parseCoding(text: string, earlier: boolean): boolean {
  if (earlier || text.trim().toLowerCase() !== 'chunked') {
    throw protocolError('a Transfer-Encoding other than chunked');
  }
  return true;
}

export function staysOpen(text: string, otherwise: boolean): boolean {
  const options = text
    .toLowerCase()
    .split(',')
    .map((option) => option.trim());
  if (options.includes('close')) return false;
  return options.includes('keep-alive') || otherwise;
}

export function protocolError(what: string): TransportError {
  return new TransportError('ProtocolError', `The server's answer is not HTTP/1.1: ${what}.`);
}
