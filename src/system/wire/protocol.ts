import { isUtf8 } from 'node:buffer';
import { crc32 } from 'node:zlib';
import { realClock } from '../../std/clock.ts';
import { ON_BEHALF_OF } from './aws-request.ts';
import { AwsError } from './errors.ts';
import type { HttpRequest } from './http-request.ts';
import { nextRequestId } from './request-id.ts';
import type { Responder } from './server-connection.ts';
import { claimedAccessKeyId, type Verifier, verifySignature } from './sigv4-verify.ts';
import type { Caller, OperationHandler, Principal, WireRegionOptions, WireRequest } from './types.ts';

/** What the front end of every AWS service answers by itself carries the framework's namespace, not the service's. */
const FRAMEWORK_CODES = new Set([
  'AccessDeniedException',
  'IncompleteSignatureException',
  'InvalidSignatureException',
  'MissingAuthenticationTokenException',
  'RequestEntityTooLargeException',
  'SerializationException',
  'UnknownOperationException',
  'UnrecognizedClientException',
]);

type WholeRequest = HttpRequest & { body: Buffer };

/** From a request's bytes to an operation and back: target, caller, body, answer, error. */
export class AwsJsonProtocol {
  readonly #options: WireRegionOptions;
  readonly #operations: ReadonlyMap<string, readonly [name: string, handler: OperationHandler]>;
  readonly #verifier: Verifier;
  readonly #principals: ReadonlyMap<string, Principal>;
  /** Whom headers name where nothing is verified: a connection's requests share theirs. */
  readonly #claimants = new WeakMap<HttpRequest['headers'], Caller>();
  readonly #contentType: string;
  readonly #maxBodyBytes: number;

  /** @param maxBodyBytes what the error for a longer body says */
  constructor(options: WireRegionOptions, maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
    this.#options = options;
    this.#operations = new Map(
      Object.entries(options.apis).flatMap(([prefix, operations]) =>
        Object.entries(operations).map(([name, handler]) => [`${prefix}.${name}`, [name, handler]]),
      ),
    );
    this.#verifier = {
      region: options.region,
      service: options.service,
      callers: new Map(options.callers.map((caller) => [caller.accessKeyId, caller])),
      mustBeSigned: ['x-amz-target', ON_BEHALF_OF],
    };
    this.#principals = new Map(options.callers.map(({ principal }) => [principal.arn, principal]));
    this.#contentType = `application/x-amz-json-${options.jsonVersion}`;
  }

  /** Performs what a POST asks for. */
  perform(http: HttpRequest, responder: Responder, connectionId: number, sourceIp: string): void {
    const requestId = nextRequestId();
    let request: WireRequest | undefined;
    try {
      if (!hasBody(http)) throw this.#tooLarge();
      const parsed = parseBody(http.body);
      const [operation, handler] = this.#find(http.headers['x-amz-target']);
      const signer = this.#authenticate(http).principal;
      if (parsed === undefined) throw new AwsError('SerializationException', 'The request has no body.');
      request = {
        operation,
        body: parsed,
        signer,
        principal: this.#actsFor(signer, http.headers[ON_BEHALF_OF]),
        connectionId,
        requestId,
        sourceIp,
        userAgent: http.headers['user-agent'] ?? '',
        trace: responder.trace,
      };
      const result = handler(request);
      if (result instanceof Promise) this.#whenDone(result, responder, request);
      else this.#answer(responder, 200, requestId, result);
    } catch (error) {
      if (request === undefined) this.#tellRefused(http, error);
      this.#fail(responder, requestId, error, request);
    }
  }

  #tellRefused({ headers }: HttpRequest, error: unknown): void {
    const [operation] = this.#operations.get(headers['x-amz-target'] ?? '') ?? [];
    const { code } = asAwsError(error) ?? this.#internalError();
    if (operation !== undefined) this.#options.onRefused?.(operation, code);
  }

  /** Answers what is not a POST: the health check that DynamoDB's endpoint has, and nothing else. */
  answerOther(http: HttpRequest, responder: Responder): void {
    const { service, region } = this.#options;
    const healthy = service === 'dynamodb' && http.method === 'GET' && http.path === '/';
    const body = healthy ? `healthy: dynamodb.${region}.amazonaws.com ` : '<UnknownOperationException/>\n';
    this.#send(responder, healthy ? 200 : 404, 'text/plain', nextRequestId(), Buffer.from(body));
  }

  #find(target: string | undefined): readonly [string, OperationHandler] {
    const found = typeof target === 'string' ? this.#operations.get(target) : undefined;
    if (found === undefined) {
      const got = target === undefined ? 'no X-Amz-Target' : `'${target}'`;
      throw new AwsError('UnknownOperationException', `Not an operation of this service: ${got}.`);
    }
    return found;
  }

  #authenticate(http: WholeRequest): Caller {
    if (this.#options.auth === 'sigv4') return verifySignature(http, this.#verifier, realClock.wall_ms());
    const known = this.#claimants.get(http.headers);
    if (known !== undefined) return known;
    const claimed = claimedAccessKeyId(http.headers);
    const named = claimed === undefined ? undefined : this.#verifier.callers.get(claimed);
    const caller = named ?? this.#options.callers[0]!;
    this.#claimants.set(http.headers, caller);
    return caller;
  }

  #actsFor(signer: Principal, arn: string | undefined): Principal {
    if (arn === undefined || signer.kind !== 'service') return signer;
    const principal = typeof arn === 'string' ? this.#principals.get(arn) : undefined;
    if (principal === undefined) {
      throw new AwsError(
        'AccessDeniedException',
        `${signer.arn} cannot act for '${arn}': no such principal.`,
      );
    }
    return principal;
  }

  #tooLarge(): AwsError {
    const message = `The request is larger than ${this.#maxBodyBytes} bytes.`;
    return new AwsError('RequestEntityTooLargeException', message, 413);
  }

  #whenDone(result: Promise<object | string>, responder: Responder, request: WireRequest): void {
    result
      .then((value) => this.#answer(responder, 200, request.requestId, value))
      .catch((error: unknown) => this.#fail(responder, request.requestId, error, request));
  }

  #fail(responder: Responder, requestId: string, thrown: unknown, request: WireRequest | undefined): void {
    const error = asAwsError(this.#mapped(thrown, request)) ?? this.#internalError();
    const body = { ...error.fields, __type: this.#typeOf(error.code), message: error.message };
    this.#answer(responder, error.status, requestId, body);
  }

  #mapped(thrown: unknown, request: WireRequest | undefined): unknown {
    const { mapError } = this.#options;
    if (request === undefined || mapError === undefined) return thrown;
    try {
      return mapError(thrown, request);
    } catch (error) {
      return error;
    }
  }

  /** Says nothing about its cause, which may hold what must not leave the process. */
  #internalError(): AwsError {
    const code = this.#options.service === 'dynamodb' ? 'InternalServerError' : 'InternalFailure';
    const message = 'The request processing has failed because of an unknown error, exception or failure.';
    return new AwsError(code, message, 500);
  }

  #typeOf(code: string): string {
    const { errorNamespace } = this.#options;
    if (errorNamespace === '') return code;
    if (code === 'ValidationException') return `com.amazon.coral.validate#${code}`;
    return `${FRAMEWORK_CODES.has(code) ? 'com.amazon.coral.service' : errorNamespace}#${code}`;
  }

  #answer(responder: Responder, status: number, requestId: string, value: object | string): void {
    this.#send(responder, status, this.#contentType, requestId, bytesOf(value));
  }

  #send(responder: Responder, status: number, contentType: string, requestId: string, body: Buffer): void {
    const checksum = this.#options.crc32 ? `x-amz-crc32: ${crc32(body)}\r\n` : '';
    const lines = `x-amzn-requestid: ${requestId}\r\ncontent-type: ${contentType}\r\n${checksum}`;
    responder.respond(status, lines, body);
  }
}

function hasBody(http: HttpRequest): http is WholeRequest {
  return http.body !== undefined;
}

/** @returns `undefined` for an empty body. @throws AwsError SerializationException */
function parseBody(body: Buffer): Record<string, unknown> | undefined {
  if (body.length === 0) return undefined;
  let value: unknown;
  try {
    if (isUtf8(body)) value = JSON.parse(body.toString('utf8'));
  } catch {
    // The parser's message quotes the body, and with it what the client meant to store.
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AwsError('SerializationException', 'The request body is not a JSON object in UTF-8.');
  }
  return value as Record<string, unknown>;
}

function bytesOf(value: object | string): Buffer {
  if (Buffer.isBuffer(value)) return value;
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

function asAwsError(error: unknown): AwsError | undefined {
  return error instanceof AwsError ? error : undefined;
}
