import type { Agent } from 'node:http';
import type { DynamoDBClient, DynamoDBServiceException, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { PlannedOperation } from '../plan/plan.ts';
import { type ConnectionCounters, noConnections } from '../recording/recording.ts';
import { realClock } from '../std/clock.ts';
import { transportError } from '../system/system.ts';
import { type ItemShape, REQUESTS, requestBody, type WireOperation } from './requests.ts';
import { createSdkAgent, explain, type Flight, flights } from './sdk-agent.ts';
import { type Driver, type DriverOptions, NOTHING_FOUND, type Outcome, type Probe } from './types.ts';

type Sdk = typeof import('@aws-sdk/client-dynamodb');
type Command = new (input: never) => GetItemCommand;

/** Its remarks on a full pool would end up between the lines of a run's progress; the figures tell. */
const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

interface Active extends Flight {
  abort: AbortController;
}

/**
 * The AWS SDK for JavaScript v3 as applications use it: its pool of connections, one client and pool a caller, and its
 * own retries. What waits in the pool is in the operation's time, and each attempt counts as a request.
 */
export class SdkDriver implements Driver {
  readonly pools = true;
  /** What is neither its pool's nor a connection's is its own, the wire's and the store's together. */
  readonly measures = ['connect', 'wire'] as const;
  readonly #options: DriverOptions;
  readonly #shape: ItemShape;
  readonly #commands: Record<WireOperation, Command>;
  readonly #clients = new Map<number, DynamoDBClient>();
  readonly #agents: Agent[] = [];
  readonly #active = new Set<Active>();
  #counters = noConnections();

  private constructor(options: DriverOptions, sdk: Sdk) {
    this.#options = options;
    this.#shape = { tables: options.target.tables, fields: options.arm.table.fields };
    this.#commands = {
      GetItem: sdk.GetItemCommand,
      PutItem: sdk.PutItemCommand,
      UpdateItem: sdk.UpdateItemCommand,
      DeleteItem: sdk.DeleteItemCommand,
      Scan: sdk.ScanCommand,
    } as unknown as Record<WireOperation, Command>;
    for (const caller of options.callers) this.#clients.set(caller, this.#createClient(sdk, caller));
  }

  /** Loads the SDK, which takes a while, for those only who measure it. */
  static async create(options: DriverOptions): Promise<SdkDriver> {
    return new SdkDriver(options, await import('@aws-sdk/client-dynamodb'));
  }

  async open(): Promise<void> {}

  async perform(operation: PlannedOperation, probe?: Probe): Promise<Outcome> {
    const explained_ns = probe ? realClock.now_ns() : 0;
    const active: Active = { probe, explained_ns, givenUp: undefined, abort: new AbortController() };
    this.#active.add(active);
    let outcome: Outcome;
    for (const request of REQUESTS[operation.kind]) {
      outcome = await this.#send(request, operation, active);
      if (outcome !== undefined) break;
    }
    this.#active.delete(active);
    return outcome;
  }

  abandon(): void {
    for (const active of this.#active) this.#giveUp(active, 'Closed');
  }

  takeCounters(): ConnectionCounters {
    const counters = this.#counters;
    this.#counters = noConnections();
    return counters;
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) client.destroy();
    for (const agent of this.#agents) agent.destroy();
  }

  #createClient(sdk: Sdk, caller: number): DynamoDBClient {
    const { arm, target } = this.#options;
    const secure = target.url.startsWith('https:');
    const agent = createSdkAgent({
      secure,
      via: target.via,
      ca: target.ca,
      keepAlive: arm.connections.mode === 'keep-alive',
      connections: arm.connections.perCaller,
      counters: () => this.#counters,
    });
    this.#agents.push(agent);
    const { accessKeyId, secretAccessKey, sessionToken } = target.callers[caller]!;
    return new sdk.DynamoDBClient({
      endpoint: target.url,
      region: target.region,
      credentials: { accessKeyId, secretAccessKey, sessionToken },
      requestHandler: { [secure ? 'httpsAgent' : 'httpAgent']: agent, logger: SILENT },
    });
  }

  async #send(request: WireOperation, operation: PlannedOperation, active: Active): Promise<Outcome> {
    const input = JSON.parse(requestBody(request, operation, this.#shape)) as never;
    const client = this.#clients.get(operation.caller)!;
    const command = new this.#commands[request](input);
    const timer = setTimeout(() => this.#giveUp(active, 'Timeout'), this.#options.arm.connections.timeout_ms);
    try {
      const { Item, $metadata } = await flights.run(active, () =>
        client.send(command, { abortSignal: active.abort.signal }),
      );
      explainRest(active, $metadata.totalRetryDelay ?? 0);
      return request === 'GetItem' && Item === undefined ? NOTHING_FOUND : undefined;
    } catch (error) {
      return active.givenUp ?? codeOf(error as Error);
    } finally {
      clearTimeout(timer);
    }
  }

  #giveUp(active: Active, outcome: string): void {
    if (active.givenUp !== undefined) return;
    active.givenUp = outcome;
    this.#counters.abandoned++;
    active.abort.abort();
  }
}

/** What it waited between attempts is no time of the wire's. */
function explainRest(active: Active, retries_ms: number): void {
  explain(active, 'wire_ns');
  if (!active.probe) return;
  active.probe.wire_ns -= retries_ms * 1e6;
  active.probe.queue_ns += retries_ms * 1e6;
}

/** The exception that DynamoDB names, else how the connection failed, else the status of an answer nobody understands. */
function codeOf(error: Partial<DynamoDBServiceException> & { code?: string }): string {
  const { $fault, $metadata, name = 'Error', code } = error;
  if ($fault !== undefined) return name;
  if (code?.startsWith('HPE_')) return 'ProtocolError';
  const status = $metadata?.httpStatusCode;
  return code === undefined && status !== undefined
    ? `Http${status}`
    : transportError(error as Error, '').code;
}
