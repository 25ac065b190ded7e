import type { PlannedOperation } from '../plan/plan.ts';
import { type ConnectionCounters, noConnections } from '../recording/recording.ts';
import { AwsRequestTemplate, awsError, endpointOf, HttpResponse } from '../system/system.ts';
import { type Answer, type AutocannonClient, AutocannonConnection } from './autocannon-connection.ts';
import { type ItemShape, REQUESTS, requestBody, type WireOperation } from './requests.ts';
import { type Driver, type DriverOptions, NOTHING_FOUND, type Outcome } from './types.ts';

/**
 * autocannon's HTTP client under the plan: it connects, builds requests and reads answers; what is asked, and how long
 * that took, is ours. Of autocannon's rates, histogram and worker threads nothing is used.
 */
export class AutocannonDriver implements Driver {
  readonly #options: DriverOptions;
  readonly #client: AutocannonClient;
  readonly #shape: ItemShape;
  /** By caller and operation; made when first asked for. */
  readonly #templates = new Map<string, AwsRequestTemplate>();
  /** By caller × perCaller + connection. */
  readonly #connections = new Map<number, AutocannonConnection>();
  #counters = noConnections();

  private constructor(options: DriverOptions, client: AutocannonClient) {
    this.#options = options;
    this.#client = client;
    this.#shape = { tables: options.target.tables, fields: options.arm.table.fields };
  }

  static async create(options: DriverOptions): Promise<AutocannonDriver> {
    const { default: client } = await import('autocannon/lib/httpClient.js');
    return new AutocannonDriver(options, client);
  }

  async open(): Promise<void> {}

  async perform(operation: PlannedOperation): Promise<Outcome> {
    const connection = this.#connection(operation);
    for (const request of REQUESTS[operation.kind]) {
      const body = requestBody(request, operation, this.#shape);
      const headers = headersOf(this.#template(operation.caller, request).text(body));
      const outcome = outcomeOf(request, await connection.request(headers, body));
      if (outcome !== undefined) return outcome;
    }
    return undefined;
  }

  abandon(): void {
    for (const connection of this.#connections.values()) connection.close();
  }

  takeCounters(): ConnectionCounters {
    const counters = this.#counters;
    this.#counters = noConnections();
    return counters;
  }

  async close(): Promise<void> {
    this.abandon();
  }

  #connection({ caller, connection }: PlannedOperation): AutocannonConnection {
    const { arm, target } = this.#options;
    const slot = caller * arm.connections.perCaller + connection;
    let kept = this.#connections.get(slot);
    if (!kept) {
      kept = new AutocannonConnection({
        client: this.#client,
        endpoint: { ...endpointOf(target.url), ...target.via },
        timeout_ms: arm.connections.timeout_ms,
        counters: () => this.#counters,
      });
      this.#connections.set(slot, kept);
    }
    return kept;
  }

  #template(caller: number, request: WireOperation): AwsRequestTemplate {
    const { arm, target } = this.#options;
    const id = `${caller} ${request}`;
    let template = this.#templates.get(id);
    if (!template) {
      template = new AwsRequestTemplate({
        host: new URL(target.url).host,
        target: `DynamoDB_20120810.${request}`,
        jsonVersion: '1.0',
        service: 'dynamodb',
        region: target.region,
        credentials: target.callers[caller]!,
        sign: arm.sign,
      });
      this.#templates.set(id, template);
    }
    return template;
  }
}

/** Of a request as text, all headers but the length, which autocannon adds. */
function headersOf(text: string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const line of text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n').slice(1)) {
    const colon = line.indexOf(': ');
    headers[line.slice(0, colon)] = line.slice(colon + 2);
  }
  delete headers['content-length'];
  return headers;
}

function outcomeOf(request: WireOperation, answer: Answer): Outcome {
  if ('failure' in answer) return answer.failure;
  const { status, body } = answer;
  if (status !== 200)
    return awsError(new HttpResponse(status, '', Buffer.from(body)))?.code ?? `Http${status}`;
  return request === 'GetItem' && body === EMPTY_BODY ? NOTHING_FOUND : undefined;
}

const EMPTY_BODY = '{}';
