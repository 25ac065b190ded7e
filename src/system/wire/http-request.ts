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

export function badRequest(): RequestRefusal {
  return new RequestRefusal('400 Bad Request');
}
