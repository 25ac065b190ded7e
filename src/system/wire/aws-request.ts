import { realClock } from '../../std/clock.ts';
import { ALGORITHM, amzDate, sha256Hex, signatureOf, TERMINATOR } from './sigv4.ts';
import type { Credentials } from './types.ts';

/** Names, in a request that a service signs, the principal it acts for. */
export const ON_BEHALF_OF = 'x-sealbench-on-behalf-of';

const SECURITY_TOKEN = 'x-amz-security-token';

export interface RequestHead {
  method: string;
  /** Path with its query. */
  path: string;
  /** `host:port` as the server is addressed. */
  host: string;
  headers: Readonly<Record<string, string>>;
}

/**
 * The request line and header lines that do not change from one request to the next; the caller adds its own lines,
 * an empty one and the body.
 * @throws TypeError for what would start a header or a request of its own
 */
export function httpRequestHead(head: RequestHead): string {
  const target = `${head.method} ${head.path}`;
  const headers = { host: head.host, ...head.headers };
  if (!/^[A-Z]+ \/[\x21-\x7e]*$/.test(target))
    throw new TypeError(`A method and a path expected, got ${JSON.stringify(target)}.`);
  let text = `${target} HTTP/1.1\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value)) {
      throw new TypeError(`A header of printable ASCII expected, got ${JSON.stringify(name)}.`);
    }
    text += `${name}: ${value}\r\n`;
  }
  return text;
}

export interface AwsRequestOptions {
  /** `host:port` as the server is addressed. */
  host: string;
  /** E.g. `DynamoDB_20120810.GetItem`. */
  target: string;
  jsonVersion: '1.0' | '1.1';
  service: string;
  region: string;
  credentials: Credentials;
  /** Without a signature the credential scope still says who calls; a server that verifies none goes by it. */
  sign: boolean;
  /** ARN of the principal that a service acts for. */
  onBehalfOf?: string;
  /** Asks the server to close after its response. */
  close?: boolean;
}

/**
 * AWS JSON requests for one operation by one caller: all that they share is built once, and what is left for each is
 * its length, its date and its signature.
 */
export class AwsRequestTemplate {
  readonly #options: AwsRequestOptions;
  readonly #head: string;
  /** Canonical request up to the date, and from the date to the body's hash. */
  readonly #beforeDate: string;
  readonly #afterDate: string;
  readonly #signedHeaders: string;

  constructor(options: AwsRequestOptions) {
    this.#options = options;
    const contentType = `application/x-amz-json-${options.jsonVersion}`;
    const forwarded: Record<string, string> =
      options.onBehalfOf === undefined ? {} : { [ON_BEHALF_OF]: options.onBehalfOf };
    const { sessionToken } = options.credentials;
    const token: Record<string, string> =
      sessionToken === undefined ? {} : { [SECURITY_TOKEN]: sessionToken };
    const names = [
      ...['content-type', 'host', 'x-amz-date', ...Object.keys(token), 'x-amz-target'],
      ...Object.keys(forwarded),
    ];
    this.#signedHeaders = names.join(';');
    this.#beforeDate = `POST\n/\n\ncontent-type:${contentType}\nhost:${options.host}\nx-amz-date:`;
    const last = options.onBehalfOf === undefined ? '' : `${ON_BEHALF_OF}:${options.onBehalfOf}\n`;
    const second = sessionToken === undefined ? '' : `${SECURITY_TOKEN}:${sessionToken}\n`;
    this.#afterDate = `\n${second}x-amz-target:${options.target}\n${last}\n${this.#signedHeaders}\n`;
    const head = httpRequestHead({
      method: 'POST',
      path: '/',
      host: options.host,
      headers: {
        'content-type': contentType,
        'x-amz-target': options.target,
        ...token,
        ...forwarded,
        ...(options.close ? { connection: 'close' } : {}),
      },
    });
    this.#head = options.sign ? head : head + this.#unsignedLines(amzDate(realClock.wall_ms()));
  }

  /**
   * The complete request, to be sent as UTF-8.
   * @param body JSON
   * @param more header lines that are not signed, each ended by CRLF
   */
  text(body: string, wall_ms: number = realClock.wall_ms(), more = ''): string {
    const lines = this.#options.sign ? this.#signedLines(body, amzDate(wall_ms)) : '';
    // Behind the others: servers know a connection's repeated lines by their place.
    return `${this.#head}${lines}content-length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`;
  }

  #signedLines(body: string, date: string): string {
    const { credentials, region, service } = this.#options;
    const canonical = this.#beforeDate + date + this.#afterDate + sha256Hex(body);
    const signature = signatureOf(credentials.secretAccessKey, date, region, service, canonical);
    return this.#authorizationLines(date, signature);
  }

  #unsignedLines(date: string): string {
    return this.#authorizationLines(date, '0'.repeat(64));
  }

  #authorizationLines(date: string, signature: string): string {
    const { credentials, region, service } = this.#options;
    const scope = `${credentials.accessKeyId}/${date.slice(0, 8)}/${region}/${service}/${TERMINATOR}`;
    return `x-amz-date: ${date}\r\nauthorization: ${ALGORITHM} Credential=${scope}, SignedHeaders=${this.#signedHeaders}, Signature=${signature}\r\n`;
  }
}

/** One request, for callers that do not repeat themselves. */
export function awsRequestBytes(request: AwsRequestOptions & { body: string }): Buffer {
  return Buffer.from(new AwsRequestTemplate(request).text(request.body), 'utf8');
}
