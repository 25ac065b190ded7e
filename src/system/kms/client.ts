import { setTimeout as wait } from 'node:timers/promises';
import { LRUCache } from 'lru-cache';
import { realClock } from '../../std/clock.ts';
import { systemRandom } from '../../std/random.ts';
import type { Principal } from '../wire/types.ts';
import {
  AwsError,
  AwsRequestTemplate,
  awsError,
  endpointOf,
  HttpConnection,
  TransportError,
} from '../wire/wire.ts';
import { backoff_ms } from './backoff.ts';
import { ClientCounters } from './client-counters.ts';
import { ConnectionPool } from './pool.ts';
import type { KmsClient, KmsClientCounters, KmsClientOptions } from './types.ts';

const MAX_CONNECTIONS = 50;
const TIMEOUT_MS = 5000;
const MAX_ATTEMPTS = 3;
/** Request heads kept, one per operation and principal. */
const TEMPLATES_MAX = 10_000;

/** A KMS client as a service in front of KMS has: pooled or fresh connections, SigV4, retries, exact counts. */
export function createKmsClient(options: KmsClientOptions): KmsClient {
  return new PooledKmsClient(options);
}

class PooledKmsClient implements KmsClient {
  onCall?: (operation: string, duration_ns: number) => void;
  readonly #options: KmsClientOptions;
  readonly #host: string;
  readonly #counters = new ClientCounters();
  readonly #pool: ConnectionPool<HttpConnection>;
  readonly #templates = new LRUCache<string, AwsRequestTemplate>({ max: TEMPLATES_MAX });
  readonly #closing = new AbortController();

  constructor(options: KmsClientOptions) {
    const { host, port, secure } = endpointOf(options.url);
    this.#options = options;
    this.#host = new URL(options.url).host;
    const connection = {
      host,
      port,
      tls: secure ? { ca: options.ca } : undefined,
      timeout_ms: options.timeout_ms ?? TIMEOUT_MS,
    };
    this.#pool = new ConnectionPool({
      maxConnections: options.maxConnections ?? MAX_CONNECTIONS,
      reuse: options.connections === 'keep-alive',
      open: () => {
        this.#counters.connectionOpened();
        return new HttpConnection(connection);
      },
    });
  }

  async call<Response extends object>(
    operation: string,
    body: object,
    onBehalfOf?: Principal,
    attempts = this.#options.maxAttempts ?? MAX_ATTEMPTS,
  ): Promise<Response> {
    const start_ns = realClock.now_ns();
    const template = this.#template(operation, onBehalfOf);
    try {
      return (await this.#retrying(operation, template, JSON.stringify(body), attempts)) as Response;
    } catch (error) {
      this.#counters.failed();
      throw error;
    } finally {
      const duration_ns = realClock.now_ns() - start_ns;
      this.#counters.finished(duration_ns);
      this.onCall?.(operation, duration_ns);
    }
  }

  counters(): KmsClientCounters {
    return this.#counters.values();
  }

  reset(): void {
    this.#counters.reset();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#pool.close();
  }

  async #retrying(
    operation: string,
    template: AwsRequestTemplate,
    body: string,
    maxAttempts: number,
  ): Promise<unknown> {
    let answered: AwsError | undefined;
    for (let attempt = 1; ; attempt++) {
      const { answer, error } = await this.#attempt(operation, template, body, attempt);
      if (error === undefined) return answer;
      const throttled = isThrottling(error);
      if (throttled) this.#counters.throttled();
      if (error instanceof AwsError) answered = error;
      const retry = attempt < maxAttempts && isRetryable(error) && !this.#closing.signal.aborted;
      if (!retry) throw answered ?? unavailable(error, attempt);
      await this.#pause(backoff_ms(attempt, throttled, systemRandom));
    }
  }

  async #attempt(
    operation: string,
    template: AwsRequestTemplate,
    body: string,
    attempt: number,
  ): Promise<Outcome> {
    let connection: HttpConnection | undefined;
    try {
      connection = await this.#pool.acquire();
      this.#counters.attempted(operation, attempt > 1);
      const response = await connection.request(template.text(body));
      const error = awsError(response);
      return error === undefined ? { answer: parse(response.body) } : { error };
    } catch (error) {
      if (error instanceof TransportError) return { error };
      throw error;
    } finally {
      if (connection !== undefined) this.#pool.release(connection);
    }
  }

  async #pause(pause_ms: number): Promise<void> {
    await wait(pause_ms, undefined, { signal: this.#closing.signal }).catch(() => undefined);
  }

  #template(operation: string, onBehalfOf: Principal | undefined): AwsRequestTemplate {
    const id = `${operation} ${onBehalfOf?.arn ?? ''}`;
    let template = this.#templates.get(id);
    if (template === undefined) {
      template = new AwsRequestTemplate({
        host: this.#host,
        target: `TrentService.${operation}`,
        jsonVersion: '1.1',
        service: 'kms',
        region: this.#options.region,
        credentials: this.#options.credentials,
        sign: true,
        onBehalfOf: onBehalfOf?.arn,
        close: this.#options.connections === 'fresh',
      });
      this.#templates.set(id, template);
    }
    return template;
  }
}

/** What an attempt came to; an error is the server's, or what kept it from answering. */
type Outcome =
  | { answer: unknown; error?: undefined }
  | { answer?: undefined; error: AwsError | TransportError };

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new TransportError('ProtocolError', 'The answer is not JSON.');
  }
}

function isThrottling({ code }: AwsError | TransportError): boolean {
  return code === 'ThrottlingException';
}

function isRetryable(error: AwsError | TransportError): boolean {
  return error instanceof TransportError || error.status >= 500 || isThrottling(error);
}

function unavailable(cause: Error, attempts: number): AwsError {
  const tries = attempts === 1 ? 'one attempt' : `${attempts} attempts`;
  const error = new AwsError('KmsUnavailable', `KMS answered none of ${tries}: ${cause.message}`, 503);
  error.cause = cause;
  return error;
}
