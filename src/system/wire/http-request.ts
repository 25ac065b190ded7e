import { staysOpen } from './http-response.ts';
import type { HeaderValues } from './sigv4.ts';

/** One request, its body whole. */
export interface HttpRequest extends RequestHead {
  /** `undefined` for a body that is too large: it was read and dropped. */
  body: Buffer | undefined;
}

/** What the head of a request says. RFC 9112, sections 3, 6.3 and 9.3. */
export interface RequestHead {
  method: string;
  /** Path with its query, as in the request line. */
  path: string;
  /** By lower-case name; repeated headers are joined with `, `. */
  headers: HeaderValues & Readonly<Record<string, string | undefined>>;
  /** Bytes of the body, unless it is chunked. */
  length: number;
  chunked: boolean;
  /** The client takes another response on the connection. */
  keepAlive: boolean;
  /** The client waits for leave to send the body. */
  expectsContinue: boolean;
}

/** Not HTTP/1.1, or more of it than is taken: the connection ends with this status. */
export class RequestRefusal extends Error {
  /** E.g. `400 Bad Request`. */
  readonly status: string;

  constructor(status: string) {
    super(status);
    this.name = 'RequestRefusal';
    this.status = status;
  }
}

const REQUEST_LINE = /^([A-Z]+) ([\x21-\x7e\x80-\xff]+) HTTP\/1\.([01])$/;
/** Names are tokens, no space before the colon, no folded lines. */
const HEADER_LINES = /^(?:[!#$%&'*+.^_`|~\w-]+:[\t\x20-\x7e\x80-\xff]*(?:\r\n|$))*$/;

/**
 * @param text request line and header lines, CRLF between them, a byte a character
 * @throws RequestRefusal
 */
export function parseRequestHead(text: string): RequestHead {
  const lineEnd = text.indexOf('\r\n');
  const line = REQUEST_LINE.exec(lineEnd < 0 ? text : text.slice(0, lineEnd));
  const lines = lineEnd < 0 ? '' : text.slice(lineEnd + 2);
  if (line === null || !HEADER_LINES.test(lines)) throw badRequest();
  const [, method, path, minor] = line as unknown as [string, string, string, string];
  const headers = parseHeaders(lines);
  if (minor === '1' && headers.host === undefined) throw badRequest();
  const { connection, expect } = headers;
  const coding = headers['transfer-encoding'];
  const size = headers['content-length'];
  if (coding !== undefined && (size !== undefined || coding.toLowerCase() !== 'chunked')) throw badRequest();
  return {
    method,
    path,
    headers,
    length: size === undefined ? 0 : parseLength(size),
    chunked: coding !== undefined,
    keepAlive: connection === undefined ? minor === '1' : staysOpen(connection, minor === '1'),
    expectsContinue: expect !== undefined && minor === '1' && expect.toLowerCase() === '100-continue',
  };
}

export function badRequest(): RequestRefusal {
  return new RequestRefusal('400 Bad Request');
}

/** @param text well-formed header lines */
function parseHeaders(text: string): Record<string, string | undefined> {
  const headers: Record<string, string | undefined> = Object.create(null);
  for (let start = 0; start < text.length; ) {
    const next = text.indexOf('\r\n', start);
    const end = next < 0 ? text.length : next;
    const colon = text.indexOf(':', start);
    const name = text.slice(start, colon).toLowerCase();
    const value = text.slice(colon + 1, end).trim();
    const earlier = headers[name];
    headers[name] = earlier === undefined ? value : `${earlier}, ${value}`;
    start = end + 2;
  }
  return headers;
}

/** A repeated length was joined and is no number any more. */
function parseLength(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw badRequest();
  return Number(text);
}
