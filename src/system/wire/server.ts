import {
  type AddressInfo,
  createServer as createTcpServer,
  isIPv6,
  type Server,
  type Socket,
} from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { realClock } from '../../std/clock.ts';
import { InputError } from '../../std/errors.ts';
import type { HttpRequest } from './http-request.ts';
import { ServedRegions } from './regions.ts';
import { ServerConnection } from './server-connection.ts';
import type { WireCounters, WireRegionOptions, WireServer, WireServerOptions } from './types.ts';

const REQUEST_TIMEOUT_MS = 30_000;
/** Between two looks at how long requests have been arriving; less where they get less time. */
const LOOK_MS = 5_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** For the resumption of TLS sessions; OpenSSL's own 300 s is less than a long run. */
const TICKET_LIFETIME_S = 24 * 3600;
const BACKLOG = 4096;
/** What is still in flight when the server closes gets this long. */
const CLOSE_GRACE_MS = 10_000;

/** One counter for all servers of the process. */
let lastConnectionId = 0;

/**
 * Serves AWS JSON operations over HTTP/1.1 or, with `tls`, HTTPS. On sockets, not on node:http: its streams, timers and
 * header objects cost more than reading and answering such a request does.
 * @throws InputError E_PORT_IN_USE, E_LISTEN
 */
export async function startWireServer(options: WireServerOptions): Promise<WireServer> {
  const { port, ...rest } = options;
  if (typeof port !== 'number') return port.join(rest);
  const server = new HttpWireServer({ ...rest, port });
  await server.listen();
  return server;
}

type ListenOptions = WireServerOptions & { port: number };

class HttpWireServer implements WireServer {
  readonly #options: ListenOptions;
  readonly #regions: ServedRegions;
  readonly #server: Server;
  readonly #connections = new Set<ServerConnection>();
  /** Those in the TLS handshake too. */
  readonly #accepted = new Set<Socket>();
  #port = 0;
  #counters = noCounters();
  #closing = false;
  #look: NodeJS.Timeout | undefined;
  /** Called when the last connection is gone. */
  #drained = () => {};

  constructor(options: ListenOptions) {
    this.#options = options;
    this.#regions = new ServedRegions(options, options.maxBodyBytes);
    this.#server = this.#create();
    this.#server.on('connection', (socket: Socket) => this.#accept(socket));
    if (options.tls === undefined) this.#server.on('connection', (socket: Socket) => this.#open(socket));
    else this.#server.on('secureConnection', (socket: TLSSocket) => this.#secure(socket));
    this.#server.on('tlsClientError', (_, socket: TLSSocket) => socket.destroy());
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    const { host = '127.0.0.1', tls } = this.#options;
    return `${tls === undefined ? 'http' : 'https'}://${isIPv6(host) ? `[${host}]` : host}:${this.port}`;
  }

  counters(): WireCounters {
    return { requests: this.#regions.main.requests, ...this.#counters };
  }

  reset(): void {
    this.#counters = noCounters();
    this.#regions.main.requests = 0;
  }

  join(options: WireRegionOptions): WireServer {
    const region = this.#regions.join(options);
    const join = (other: WireRegionOptions) => this.join(other);
    return {
      url: this.url,
      port: this.port,
      counters: () => ({ requests: region.requests, ...noCounters() }),
      reset: () => {
        region.requests = 0;
      },
      join,
      close: async () => this.#regions.leave(options.region),
    };
  }

  listen(): Promise<void> {
    const { host = '127.0.0.1', port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
      this.#server.listen({ host, port, backlog: BACKLOG }, () => {
        this.#server.removeAllListeners('error');
        this.#port = (this.#server.address() as AddressInfo).port;
        this.#watch();
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearInterval(this.#look);
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const connection of this.#connections) connection.closeWhenIdle();
    const grace = setTimeout(() => {
      for (const socket of this.#accepted) socket.destroy();
    }, CLOSE_GRACE_MS);
    await closed;
    clearTimeout(grace);
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
  }

  #create(): Server {
    const { tls } = this.#options;
    // Peers that vanished are found by the kernel's probes.
    const options = { noDelay: true, keepAlive: true };
    // The client may close its side once it has asked. Not under TLS, where a client that gives the handshake up, for
    // want of trust, would leave its connection half open until the handshake's time is over.
    if (tls === undefined) return createTcpServer({ ...options, allowHalfOpen: true });
    const { key, cert } = tls;
    const security = { key, cert, sessionTimeout: TICKET_LIFETIME_S, handshakeTimeout: HANDSHAKE_TIMEOUT_MS };
    return createTlsServer({ ...options, ...security, ALPNProtocols: ['http/1.1'] });
  }

  #watch(): void {
    const timeout_ms = this.#options.requestTimeout_ms ?? REQUEST_TIMEOUT_MS;
    this.#look = setInterval(
      () => {
        const now_ns = realClock.now_ns();
        for (const connection of this.#connections) connection.expire(now_ns, timeout_ms * 1e6);
      },
      Math.min(LOOK_MS, timeout_ms / 2),
    ).unref();
  }

  #accept(socket: Socket): void {
    this.#counters.connections_opened++;
    this.#accepted.add(socket);
    socket.once('close', () => this.#accepted.delete(socket));
  }

  #secure(socket: TLSSocket): void {
    if (socket.isSessionReused()) this.#counters.tls_resumed++;
    else this.#counters.tls_full++;
    this.#open(socket);
  }

  #open(socket: Socket): void {
    const connection = new ServerConnection(socket, {
      id: ++lastConnectionId,
      maxBodyBytes: this.#options.maxBodyBytes,
      onRequest: this.#requested,
      closing: () => this.#closing,
    });
    this.#connections.add(connection);
    socket.once('close', () => {
      this.#connections.delete(connection);
      this.#regions.connectionClosed(connection.id);
      if (this.#connections.size === 0) this.#drained();
    });
  }

  readonly #requested = (request: HttpRequest, connection: ServerConnection): void => {
    const region = this.#regions.of(request);
    if (request.method !== 'POST') {
      region.protocol.answerOther(request, connection);
      return;
    }
    region.requests++;
    region.protocol.perform(request, connection, connection.id, connection.sourceIp);
  };
}

function noCounters(): Omit<WireCounters, 'requests'> {
  return { connections_opened: 0, tls_full: 0, tls_resumed: 0 };
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): InputError {
  const where = `${host}:${port}`;
  if (error.code === 'EADDRINUSE') {
    const remedy = 'Stop what listens there, or choose another port; 0 takes any free one.';
    return new InputError('E_PORT_IN_USE', { what: 'The port is in use.', where, remedy }, { cause: error });
  }
  const remedy = 'Choose an address of this machine and a port that this user may open.';
  return new InputError(
    'E_LISTEN',
    { what: `Cannot listen: ${error.code ?? error.message}.`, where, remedy },
    { cause: error },
  );
}
