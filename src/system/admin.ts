import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AdjustableClock } from '../std/clock.ts';
import { InputError } from '../std/errors.ts';
import { advanceTogether, type Scheduled, traveller } from '../std/schedule.ts';
import { parseDuration_ns } from '../std/units.ts';
import { type KmsFault, type KmsServer, matches, readTrailQuery, TrailCounter } from './kms/kms.ts';
import type { StoreServer } from './store/store.ts';

export interface AdminOptions {
  port: number;
  clock: AdjustableClock;
  /** Told before the clock is moved ahead. */
  moving?: (duration_ms: number) => void;
  kms: KmsServer;
  store: StoreServer;
  /** All that falls due by the clock, in other Regions too; the store's alone without it. */
  work?: readonly Scheduled[];
}

export interface AdminServer {
  url: string;
  close(): Promise<void>;
}

type Route = (request: IncomingMessage) => Promise<{ type: string; body: string }>;

const MAX_BODY_BYTES = 64 * 1024;
const JSON_TYPE = 'application/json';
/** Whoever calls the KMS has given up by then. */
const LATENCY_MAX_MS = 60_000;
/** Later dates are written otherwise, or not at all. */
const LAST_MS = Date.UTC(9999, 11, 31);

/**
 * The back door of the embedded system, on loopback only: counters, the KMS trail, the clock, faults.
 * Requests that name another host than loopback are refused, so that a web page can't reach it by DNS rebinding, and
 * those that come from a web page, which may post without being able to read the answer.
 */
export async function startAdmin(options: AdminOptions): Promise<AdminServer> {
  const routes = createRoutes(options);
  const server = createServer((request, response) => void handle(routes, request, response));
  await listen(server, options.port);
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function createRoutes({ clock, moving, kms, store, work }: AdminOptions): Record<string, Route> {
  const time = traveller(clock, work ?? [store.store.housekeeping]);
  const counters = () => ({ kms: kms.counters(), store: store.counters() });
  return {
    'GET /counters': async () => ({ type: JSON_TYPE, body: `${JSON.stringify(counters(), null, 2)}\n` }),
    'GET /metrics': async () => ({ type: 'text/plain; version=0.0.4', body: prometheus(counters()) }),
    'GET /trail': async (request) => trailAnswer(kms, request.url!),
    'POST /clock': async (request) => {
      const { advance } = await readJson(request);
      const ahead_ms = duration_ms(advance, 'advance');
      if (clock.wall_ms() + ahead_ms > LAST_MS)
        throw new BadRequest(400, 'the clock ends with the year 9999');
      moving?.(ahead_ms);
      await advanceTogether([time], ahead_ms);
      return {
        type: JSON_TYPE,
        body: `${JSON.stringify({ now: new Date(clock.wall_ms()).toISOString() })}\n`,
      };
    },
    'POST /kms/fault': async (request) => {
      const fault = parseFault(await readJson(request));
      kms.fault(fault);
      return { type: JSON_TYPE, body: `${JSON.stringify(fault)}\n` };
    },
  };
}

/** The events asked for, as JSON lines, or how many there are of each kind: `?count=operation,table&since=…`. */
function trailAnswer(kms: KmsServer, url: string): { type: string; body: string } {
  const query = readTrailQuery(new URL(url, 'http://loopback').searchParams);
  if ('problem' in query) throw new BadRequest(400, query.problem);
  const events = kms.trail().filter((event) => matches(event, query.filter));
  if (query.countBy === undefined) {
    return { type: 'application/jsonl', body: events.map((event) => `${JSON.stringify(event)}\n`).join('') };
  }
  const counter = new TrailCounter(query.countBy);
  for (const event of events) counter.add(event);
  const answer = { events: events.length, dropped: kms.trailDropped(), counts: counter.counts() };
  return { type: JSON_TYPE, body: `${JSON.stringify(answer, null, 2)}\n` };
}

async function handle(
  routes: Record<string, Route>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    if (!isLoopback(request.headers.host)) throw new BadRequest(403, 'only loopback hosts are served');
    if (request.headers.origin !== undefined) throw new BadRequest(403, 'web pages are not served');
    const path = request.url!.split('?')[0];
    const route = routes[`${request.method} ${path}`];
    if (!route) throw new BadRequest(404, `no such route; there are: ${Object.keys(routes).join(', ')}`);
    const { type, body } = await route(request);
    response.writeHead(200, { 'content-type': type }).end(body);
  } catch (error) {
    const status = error instanceof BadRequest ? error.status : 500;
    const message = error instanceof BadRequest ? error.message : 'internal error';
    response
      .writeHead(status, { 'content-type': JSON_TYPE, connection: 'close' })
      .end(`${JSON.stringify({ error: message })}\n`);
  }
}

class BadRequest extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

function isLoopback(host: string | undefined): boolean {
  return host !== undefined && /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])(:\d+)?$/.test(host);
}

async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > MAX_BODY_BYTES) throw new BadRequest(413, `a body over ${MAX_BODY_BYTES} bytes`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BadRequest(400, 'the body is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadRequest(400, 'the body is not a JSON object');
  }
  return value as Record<string, unknown>;
}

function duration_ms(value: unknown, name: string): number {
  const duration_ns =
    typeof value === 'string' || typeof value === 'number' ? parseDuration_ns(value) : undefined;
  if (duration_ns === undefined || !Number.isFinite(duration_ns))
    throw new BadRequest(400, `'${name}' takes a duration such as "10s" or "7d"`);
  return duration_ns / 1e6;
}

function parseFault(body: Record<string, unknown>): KmsFault {
  const for_ms = duration_ms(body.for, 'for');
  switch (body.kind) {
    case 'outage':
    case 'throttle':
      return { kind: body.kind, for_ms };
    case 'latency': {
      const p50_ms = duration_ms(body.p50, 'p50');
      const p99_ms = duration_ms(body.p99, 'p99');
      if (p50_ms <= 0 || p99_ms < p50_ms)
        throw new BadRequest(400, "'p50' must be above 0 and at most 'p99'");
      if (p99_ms > LATENCY_MAX_MS) throw new BadRequest(400, "'p99' is at most 1m");
      return { kind: 'latency', for_ms, p50_ms, p99_ms };
    }
    default:
      throw new BadRequest(400, `'kind' is one of "outage", "throttle", "latency"`);
  }
}

/** Prometheus text: every number of the counters as `sealbench_<server>_<path>_total`, maps as a label. */
function prometheus(counters: object): string {
  const lines: string[] = [];
  for (const [server, values] of Object.entries(counters)) write(`sealbench_${server}`, values);
  return `${lines.join('\n')}\n`;

  function write(name: string, value: unknown): void {
    if (typeof value === 'number') {
      lines.push(`# TYPE ${name}_total counter`, `${name}_total ${value}`);
      return;
    }
    for (const [key, inner] of Object.entries(value as object)) {
      if (/^[A-Z]/.test(key)) {
        lines.push(`${name}_total{operation="${key}"} ${inner}`);
      } else {
        write(`${name}_${key}`, inner);
      }
    }
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      reject(
        inUse
          ? new InputError('E_PORT_IN_USE', {
              what: `port ${port} is in use.`,
              where: '--admin-port',
              remedy: 'Choose another, or 0 for any free one.',
            })
          : error,
      );
    });
    server.listen(port, '127.0.0.1', () => resolve());
  });
}
