import type { PlannedOperation } from '../plan/plan.ts';
import {
  BREAKDOWN_PARTS,
  type BreakdownPart,
  type ConnectionCounters,
  noConnections,
} from '../recording/recording.ts';
import { realClock } from '../std/clock.ts';
import {
  AwsRequestTemplate,
  awsError,
  type Endpoint,
  endpointOf,
  HttpConnection,
  type HttpResponse,
  TransportError,
} from '../system/system.ts';
import { keepsConnections } from '../workload/workload.ts';
import { ASK_FOR_TRACE, type Exchange, explainExchange, explainTold } from './explain.ts';
import { Lifetimes } from './lifetimes.ts';
import { type ItemShape, REQUESTS, requestBody, type WireOperation } from './requests.ts';
import { type Driver, type DriverOptions, NOTHING_FOUND, type Outcome, type Probe } from './types.ts';

/**
 * AWS JSON over HTTP(S), with connections kept alive for all operations or a number of them, or made anew for each: with
 * the TLS session of an earlier one, or with a full handshake.
 */
export class HttpDriver implements Driver {
  readonly measures: readonly BreakdownPart[];
  readonly #options: DriverOptions;
  /** The store is ours and of this machine: it is asked where the time of sampled operations goes. */
  readonly #traces: boolean;
  readonly #endpoint: Endpoint;
  readonly #shape: ItemShape;
  /** By caller; made when first asked for. */
  readonly #templates = { kept: new Map<number, Templates>(), closing: new Map<number, Templates>() };
  readonly #keeps: boolean;
  readonly #lifetimes: Lifetimes;
  /** Kept connections, by caller × perCaller + connection. */
  readonly #kept = new Map<number, HttpConnection>();
  /** Newest TLS session by caller. A library's cache would hold them weakly and lose some to the collector. */
  readonly #sessions = new Map<number, Buffer>();
  readonly #active = new Set<HttpConnection>();
  readonly #known = new WeakSet<HttpConnection>();
  #counters = noConnections();

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#traces = options.target.embedded !== undefined;
    this.measures = this.#traces ? BREAKDOWN_PARTS : ['connect', 'wire'];
    this.#endpoint = endpointOf(options.target.url);
    this.#shape = { tables: options.target.tables, fields: options.arm.table.fields };
    this.#keeps = keepsConnections(options.arm);
    this.#lifetimes = new Lifetimes(options);
  }

  async open(): Promise<void> {
    if (this.#options.arm.connections.mode !== 'resumed') return;
    await Promise.all(this.#options.callers.map((caller) => this.#obtainSession(caller)));
  }

  async perform(operation: PlannedOperation, probe?: Probe): Promise<Outcome> {
    let begun_ns = probe ? realClock.now_ns() : 0;
    const { caller, kind } = operation;
    const slot = caller * this.#options.arm.connections.perCaller + operation.connection;
    const connection = this.#keeps ? this.#keptConnection(caller, slot) : this.#connect(caller);
    const last = this.#keeps ? this.#lifetimes.used(slot) : true;
    this.#active.add(connection);
    try {
      let outcome: Outcome;
      for (const [step, request] of REQUESTS[kind].entries()) {
        const closing = last && step === REQUESTS[kind].length - 1;
        const template = this.#template(caller, request, closing);
        this.#counters.requests++;
        const body = requestBody(request, operation, this.#shape);
        const text = template.text(body, undefined, probe && this.#traces ? ASK_FOR_TRACE : '');
        const asked_ns = probe ? realClock.now_ns() : 0;
        const connects = probe && !connection.connected;
        const response = await connection.request(text);
        if (probe) {
          const { connect_ns = 0, tls_ns = 0, sent_ns } = connection;
          const answered_ns = realClock.now_ns();
          const exchange = { begun_ns, asked_ns, connect_ns: connects ? connect_ns + tls_ns : 0 };
          this.#explain(probe, { ...exchange, sent_ns, answered_ns }, response);
          begun_ns = answered_ns;
        }
        outcome = outcomeOf(request, response);
        if (outcome !== undefined) break;
      }
      return outcome;
    } catch (error) {
      return this.#transportFailure(error, connection);
    } finally {
      this.#countHandshake(connection);
      this.#active.delete(connection);
      if (last) closeTimed(connection, probe);
    }
  }

  #explain(probe: Probe, exchange: Exchange, response: HttpResponse): void {
    if (this.#traces) explainTold(probe, exchange, response);
    else explainExchange(probe, exchange);
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

  /** @param closing the connection's last request, which tells the server so */
  #template(caller: number, request: WireOperation, closing: boolean): AwsRequestTemplate {
    const byCaller = closing ? this.#templates.closing : this.#templates.kept;
    const own = byCaller.get(caller) ?? {};
    byCaller.set(caller, own);
    own[request] ??= this.#createTemplate(caller, request, closing);
    return own[request];
  }

  #createTemplate(caller: number, request: WireOperation, close: boolean): AwsRequestTemplate {
    const { arm, target } = this.#options;
    return new AwsRequestTemplate({
      host: new URL(target.url).host,
      target: `DynamoDB_20120810.${request}`,
      jsonVersion: '1.0',
      service: 'dynamodb',
      region: target.region,
      credentials: target.callers[caller]!,
      sign: arm.sign,
      close,
    });
  }

  #keptConnection(caller: number, slot: number): HttpConnection {
    const kept = this.#kept.get(slot);
    if (kept && !kept.closed) return kept;
    const opened = this.#connect(caller);
    this.#kept.set(slot, opened);
    this.#lifetimes.opened(slot);
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

type Templates = Partial<Record<WireOperation, AwsRequestTemplate>>;

function closeTimed(connection: HttpConnection, probe: Probe | undefined): void {
  const start_ns = probe ? realClock.now_ns() : 0;
  connection.close();
  if (probe) probe.connect_ns += realClock.now_ns() - start_ns;
}

function outcomeOf(request: WireOperation, response: HttpResponse): Outcome {
  if (response.status !== 200) return awsError(response)?.code ?? `Http${response.status}`;
  return request === 'GetItem' && response.body.length <= EMPTY_BODY_BYTES ? NOTHING_FOUND : undefined;
}

/** `{}`: no item in the answer, nor anything else. */
const EMPTY_BODY_BYTES = 2;
