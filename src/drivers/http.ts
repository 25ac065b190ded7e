import type { PlannedOperation } from '../plan/plan.ts';
import { type ConnectionCounters, noConnections } from '../recording/recording.ts';
import {
  AwsRequestTemplate,
  awsError,
  type Endpoint,
  endpointOf,
  HttpConnection,
  type HttpResponse,
  TransportError,
} from '../system/system.ts';
import { type ItemShape, REQUESTS, requestBody, WIRE_OPERATIONS, type WireOperation } from './requests.ts';
import { type Driver, type DriverOptions, NOTHING_FOUND, type Outcome } from './types.ts';

/**
 * AWS JSON over HTTP(S), with connections kept alive, made anew for each operation with the TLS session of an earlier
 * one, or made anew with a full handshake.
 */
export class HttpDriver implements Driver {
  readonly #options: DriverOptions;
  readonly #endpoint: Endpoint;
  readonly #shape: ItemShape;
  readonly #templates = new Map<number, Record<WireOperation, AwsRequestTemplate>>();
  /** Kept connections, by caller × perCaller + connection. */
  readonly #kept = new Map<number, HttpConnection>();
  /** Newest TLS session by caller. A library's cache would hold them weakly and lose some to the collector. */
  readonly #sessions = new Map<number, Buffer>();
  readonly #active = new Set<HttpConnection>();
  readonly #known = new WeakSet<HttpConnection>();
  #counters = noConnections();

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#endpoint = endpointOf(options.target.url);
    this.#shape = { tables: options.target.tables, fields: options.arm.table.fields };
    for (const caller of options.callers) this.#templates.set(caller, this.#createTemplates(caller));
  }

  async open(): Promise<void> {
    if (this.#options.arm.connections.mode !== 'resumed') return;
    await Promise.all(this.#options.callers.map((caller) => this.#obtainSession(caller)));
  }

  async perform(operation: PlannedOperation): Promise<Outcome> {
    const { arm } = this.#options;
    const templates = this.#templates.get(operation.caller)!;
    const connection = this.#connection(operation);
    this.#active.add(connection);
    try {
      let outcome: Outcome;
      for (const request of REQUESTS[operation.kind]) {
        const body = requestBody(request, operation, this.#shape);
        this.#counters.requests++;
        outcome = outcomeOf(request, await connection.request(templates[request].text(body)));
        if (outcome !== undefined) break;
      }
      return outcome;
    } catch (error) {
      return this.#transportFailure(error, connection);
    } finally {
      this.#countHandshake(connection);
      this.#active.delete(connection);
      if (arm.connections.mode !== 'keep-alive') connection.close();
    }
  }

  abandon(): void {
    this.#counters.abandoned += this.#active.size;
    const given = [...this.#active];
    this.#active.clear();
    for (const connection of given) connection.close();
  }

  takeCounters(): ConnectionCounters {
    const counters = this.#counters;
    this.#counters = noConnections();
    return counters;
  }

  async close(): Promise<void> {
    for (const connection of this.#kept.values()) connection.close();
  }

  #createTemplates(caller: number): Record<WireOperation, AwsRequestTemplate> {
    const { arm, target } = this.#options;
    const templates = WIRE_OPERATIONS.map((name) => [
      name,
      new AwsRequestTemplate({
        host: new URL(target.url).host,
        target: `DynamoDB_20120810.${name}`,
        jsonVersion: '1.0',
        service: 'dynamodb',
        region: target.region,
        credentials: target.callers[caller]!,
        sign: arm.sign,
        close: arm.connections.mode !== 'keep-alive',
      }),
    ]);
    return Object.fromEntries(templates) as Record<WireOperation, AwsRequestTemplate>;
  }

  #connection({ caller, connection }: PlannedOperation): HttpConnection {
    const { mode, perCaller } = this.#options.arm.connections;
    if (mode !== 'keep-alive') return this.#connect(caller);
    const slot = caller * perCaller + connection;
    const kept = this.#kept.get(slot);
    if (kept && !kept.closed) return kept;
    const opened = this.#connect(caller);
    this.#kept.set(slot, opened);
    return opened;
  }

  #connect(caller: number): HttpConnection {
    const { arm, target } = this.#options;
    const { host, port, secure } = this.#endpoint;
    const resumed = arm.connections.mode === 'resumed';
    this.#counters.opened++;
    return new HttpConnection({
      host,
      port,
      via: target.via,
      tls: secure ? { ca: target.ca, session: resumed ? this.#sessions.get(caller) : undefined } : undefined,
      timeout_ms: arm.connections.timeout_ms,
      onSession: resumed ? (session) => this.#sessions.set(caller, session) : undefined,
    });
  }

  /** Tickets come after the handshake under TLS 1.3, so one connection waits for its first. */
  async #obtainSession(caller: number): Promise<void> {
    const connection = this.#connect(caller);
    try {
      await connection.connect();
      await connection.session();
    } catch (error) {
      // Without a session the first operation makes a full handshake, and the counters say so.
      this.#transportFailure(error, connection);
    } finally {
      this.#countHandshake(connection);
      connection.close();
    }
  }

  #countHandshake(connection: HttpConnection): void {
    if (connection.tls_ns === undefined || this.#known.has(connection)) return;
    this.#known.add(connection);
    if (connection.resumed) this.#counters.tls_resumed++;
    else this.#counters.tls_full++;
  }

  #transportFailure(error: unknown, connection: HttpConnection): string {
    if (!(error instanceof TransportError)) throw error;
    // `abandon` has counted those that it closed.
    if (this.#active.has(connection)) {
      if (error.code === 'Timeout') this.#counters.abandoned++;
      else this.#counters.transport_errors++;
    }
    return error.code;
  }
}

function outcomeOf(request: WireOperation, response: HttpResponse): Outcome {
  if (response.status !== 200) return awsError(response)!.code;
  return request === 'GetItem' && response.body.length <= EMPTY_BODY_BYTES ? NOTHING_FOUND : undefined;
}

/** `{}`: no item in the answer, nor anything else. */
const EMPTY_BODY_BYTES = 2;
