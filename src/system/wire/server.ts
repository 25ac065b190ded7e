import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, isIPv6, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { InputError } from '../../std/errors.ts';
import { AwsJsonProtocol } from './protocol.ts';
import type { WireCounters, WireServer, WireServerOptions } from './types.ts';

/** Outlasts any run: connections are opened long before an arm's turn comes. */
const KEEP_ALIVE_MS = 60 * 60_000;
const REQUEST_TIMEOUT_MS = 30_000;
const HANDSHAKE_TIMEOUT_MS = 10_000;
/** For the resumption of TLS sessions; OpenSSL's own 300 s is less than a long run. */
const TICKET_LIFETIME_S = 24 * 3600;
const BACKLOG = 4096;
/** What is still in flight when the server closes gets this long. */
const CLOSE_GRACE_MS = 10_000;

/** One counter for all servers of the process. */
let lastConnectionId = 0;

interface Connection {
  id: number;
  sourceIp: string;
  /** The answer to the latest request. */
  response: ServerResponse | undefined;
  /** Read before HTTP began: the TLS handshake. */
  handshake_bytes: number;
}

/** What node:http's parser reports about a request, and what the client is told. */
const REFUSALS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

/**
 * Serves AWS JSON operations over HTTP/1.1 or, with `tls`, HTTPS.
 * @throws InputError E_PORT_IN_USE, E_LISTEN
 */
export async function startWireServer(options: WireServerOptions): Promise<WireServer> {
  const server = new HttpWireServer(options);
  await server.listen();
  return server;
}

class HttpWireServer implements WireServer {
  readonly #options: WireServerOptions;
  readonly #protocol: AwsJsonProtocol;
  readonly #server: Server;
  /** By the socket that requests name; under TLS that is not the one that was accepted. */
  readonly #connections = new Map<Socket, Connection>();
  readonly #accepted = new Set<Socket>();
  #port = 0;
  #counters = noCounters();
  /** Called when the last connection is gone. */
  #drained = () => {};

  constructor(options: WireServerOptions) {
    this.#options = options;
    this.#protocol = new AwsJsonProtocol(options);
    this.#server = this.#create();
    this.#server.on('connection', (socket: Socket) => this.#accept(socket));
    this.#server.on('clientError', (error, socket) => this.#refuse(error, socket as Socket));
    if (options.tls === undefined) this.#server.on('connection', (socket: Socket) => this.#open(socket));
    else this.#server.on('secureConnection', (socket: TLSSocket) => this.#secure(socket));
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    const { host = '127.0.0.1', tls } = this.#options;
    return `${tls === undefined ? 'http' : 'https'}://${isIPv6(host) ? `[${host}]` : host}:${this.port}`;
  }

  counters(): WireCounters {
    return { ...this.#counters };
  }

  reset(): void {
    this.#counters = noCounters();
  }

  listen(): Promise<void> {
    const { host = '127.0.0.1', port } = this.#options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
      this.#server.listen({ host, port, backlog: BACKLOG }, () => {
        this.#server.removeAllListeners('error');
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    this.#protocol.closing = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const [socket, { response }] of this.#connections) {
      if (response === undefined || response.writableEnded) socket.destroySoon();
    }
    const grace = setTimeout(() => {
      for (const socket of this.#accepted) socket.destroy();
    }, CLOSE_GRACE_MS);
    await closed;
    clearTimeout(grace);
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
  }

  #create(): Server {
    const requestTimeout = this.#options.requestTimeout_ms ?? REQUEST_TIMEOUT_MS;
    const limits = {
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout,
      headersTimeout: requestTimeout,
      connectionsCheckingInterval: Math.min(5_000, requestTimeout / 2),
    };
    const { tls } = this.#options;
    if (tls === undefined) return createHttpServer(limits, this.#requested);
    const { key, cert } = tls;
    const security = { key, cert, sessionTimeout: TICKET_LIFETIME_S, handshakeTimeout: HANDSHAKE_TIMEOUT_MS };
    return createHttpsServer({ ...limits, ...security }, this.#requested);
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
    const connection: Connection = {
      id: ++lastConnectionId,
      sourceIp: socket.remoteAddress ?? '',
      response: undefined,
      handshake_bytes: socket.bytesRead,
    };
    this.#connections.set(socket, connection);
    socket.once('close', () => {
      this.#connections.delete(socket);
      this.#options.onConnectionClosed?.(connection.id);
      if (this.#connections.size === 0) this.#drained();
    });
  }

  #refuse(error: NodeJS.ErrnoException, socket: Socket): void {
    const connection = this.#connections.get(socket);
    if (connection === undefined) {
      socket.destroy();
      return;
    }
    const { response, handshake_bytes } = connection;
    const unused = response === undefined && socket.bytesRead === handshake_bytes;
    // node:http counts a request's time from the connection's start, even if none was begun: opened ahead is no fault.
    if (unused && error.code === 'ERR_HTTP_REQUEST_TIMEOUT') return;
    if (socket.writable) {
      socket.write(
        `HTTP/1.1 ${REFUSALS[error.code ?? ''] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`,
      );
    }
    socket.destroySoon();
  }

  readonly #requested = (request: IncomingMessage, response: ServerResponse): void => {
    const connection = this.#connections.get(request.socket);
    if (connection === undefined) return;
    connection.response = response;
    if (request.method !== 'POST') {
      request.resume();
      this.#protocol.answerOther(request, response);
      return;
    }
    this.#collect(request, (body) => {
      this.#counters.requests++;
      this.#protocol.perform(request, response, body, connection.id, connection.sourceIp);
    });
  };

  /** The whole body, or `undefined` for one that is too large: what is too much is read and dropped. */
  #collect(request: IncomingMessage, done: (body: Buffer | undefined) => void): void {
    const { maxBodyBytes } = this.#options;
    let body: Buffer | undefined;
    let parts: Buffer[] | undefined;
    let size = 0;
    request.on('data', (part: Buffer) => {
      size += part.length;
      if (size > maxBodyBytes) {
        body = undefined;
        parts = undefined;
      } else if (body === undefined) {
        body = part;
      } else {
        parts ??= [body];
        parts.push(part);
      }
    });
    request.on('end', () => {
      if (size > maxBodyBytes) done(undefined);
      else done(parts === undefined ? (body ?? Buffer.alloc(0)) : Buffer.concat(parts));
    });
  }
}

function noCounters(): WireCounters {
  return { requests: 0, connections_opened: 0, tls_full: 0, tls_resumed: 0 };
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
