import type Client from 'autocannon/lib/httpClient.js';
import type { Request } from 'autocannon/lib/httpClient.js';
import type { ConnectionCounters } from '../recording/recording.ts';
import { type Endpoint, transportError } from '../system/system.ts';

/** autocannon's HTTP client, loaded by whoever needs it. */
export type AutocannonClient = typeof Client;

export type Answer = { status: number; body: string } | { failure: string };

interface Asked {
  headers: Record<string, string>;
  body: string;
}

/**
 * Longer than any run: autocannon's own time-out also ends connections that have nothing to do. Node's timers hold
 * 2^31 − 1 ms at most.
 */
const NEVER_S = 2_000_000;

export interface AutocannonConnectionOptions {
  client: AutocannonClient;
  endpoint: Endpoint;
  timeout_ms: number;
  /** Where to count at the moment. */
  counters: () => ConnectionCounters;
}

/**
 * One of autocannon's clients, held to one request at a time. By itself it sends the next request with each answer, and
 * connects again behind the back of whoever uses it, where it then takes answers for those of earlier requests. Here it
 * sends when it has something to send, and a lost connection is lost, with the request that was under way.
 */
export class AutocannonConnection {
  readonly #options: AutocannonConnectionOptions;
  /** None before the first request, nor after the connection was lost. */
  #client: Client | undefined;
  /** Handed over and not yet sent. */
  #asked: Asked | undefined;
  #settle: ((answer: Answer) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The server will close after its answer. */
  #closing = false;

  constructor(options: AutocannonConnectionOptions) {
    this.#options = options;
  }

  /** Never rejects: what goes wrong is the answer's `failure`, a code. */
  request(headers: Record<string, string>, body: string): Promise<Answer> {
    const { counters, timeout_ms } = this.#options;
    counters().requests++;
    return new Promise((resolve) => {
      this.#asked = { headers, body };
      this.#settle = resolve;
      this.#timer = setTimeout(() => this.#lose('Timeout'), timeout_ms);
      if (this.#client) this.#client._doRequest();
      else this.#connect();
    });
  }

  /** A request under way fails with code `Closed`. */
  close(): void {
    this.#lose('Closed');
  }

  #connect(): void {
    const { client: AutocannonClient, endpoint, counters } = this.#options;
    counters().opened++;
    this.#closing = false;
    this.#client = new AutocannonClient({
      hostname: endpoint.host,
      port: endpoint.port,
      timeout: NEVER_S,
      requests: [
        {
          method: 'POST',
          path: '/',
          setupRequest: (request: Request) => ({ ...request, ...this.#asked }),
          onResponse: (status, body) => this.#answered({ status, body }),
        },
      ],
      setupClient: (client) => this.#tame(client),
    });
  }

  #tame(client: Client): void {
    const { _doRequest, _connect } = client;
    client._doRequest = () => {
      if (!this.#asked) return;
      _doRequest.call(client);
      this.#asked = undefined;
    };
    let connected = false;
    client._connect = () => {
      if (connected) {
        this.#lose('EOF', client);
        return;
      }
      connected = true;
      _connect.call(client);
      // What its parser can't read it passes over in silence.
      client.conn.on('data', () => client.parser.hadError && this.#lose('ProtocolError', client));
    };
    client.on('connError', (error: Error) => this.#lose(transportError(error, '').code, client));
    client.on('headers', ({ shouldKeepAlive }: { shouldKeepAlive: boolean }) => {
      this.#closing = !shouldKeepAlive;
    });
  }

  #answered(answer: Answer): void {
    clearTimeout(this.#timer);
    const settle = this.#settle;
    this.#settle = undefined;
    if (this.#closing) this.#lose('Closed');
    settle?.(answer);
  }

  #lose(code: string, client = this.#client): void {
    if (client === undefined || client !== this.#client) return;
    this.#client = undefined;
    client.destroy();
    this.#asked = undefined;
    if (this.#settle === undefined) return;
    const counters = this.#options.counters();
    if (code === 'Timeout' || code === 'Closed') counters.abandoned++;
    else counters.transport_errors++;
    this.#answered({ failure: code });
  }
}
