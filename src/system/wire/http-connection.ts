import { connect as connectTcp, isIP, type OnReadOpts, type Socket } from 'node:net';
import {
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { realClock } from '../../std/clock.ts';
import type { HttpResponse } from './http-response.ts';
import { protocolError } from './http-response.ts';
import { ResponseParser } from './response-parser.ts';
import { TransportError, transportError } from './transport-error.ts';

export interface HttpConnectionOptions {
  host: string;
  port: number;
  /** Where to connect in their place; names and certificates stay those of the host. */
  via?: { host: string; port: number };
  /** TLS, always verified. */
  tls?: {
    /** PEM to trust instead of the system's roots. */
    ca?: string;
    /** Name to ask for and to verify; `host` without it. */
    servername?: string;
    /** A ticket from an earlier connection's `onSession`. */
    session?: Buffer;
  };
  /** For one request, connecting included. */
  timeout_ms: number;
  /** Longest response body. Default 64 MiB. */
  maxResponseBytes?: number;
  /** Called with every TLS session ticket, to be kept; under TLS 1.3 they come after the handshake. */
  onSession?: (session: Buffer) => void;
}

const RESPONSE_BYTES_MAX = 64 * 1024 * 1024;

/** Sockets read into it one after the other; the parser copies what it keeps. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * One TCP connection that carries one HTTP/1.1 request at a time. It connects on the first request, and once closed
 * stays closed: make another one.
 */
export class HttpConnection {
  readonly #options: HttpConnectionOptions;
  readonly #parser: ResponseParser;
  #socket: Socket | undefined;
  #ready = false;
  #closed = false;
  #unsent: Buffer | string | undefined;
  #resolve: ((response: HttpResponse) => void) | undefined;
  #reject: ((error: TransportError) => void) | undefined;
  #onConnected: (() => void) | undefined;
  #onTicket: (() => void) | undefined;
  #session: Buffer | undefined;
  #due_ns = 0;
  #timer: NodeJS.Timeout | undefined;
  #start_ns = 0;
  #sent_ns = 0;
  #connect_ns: number | undefined;
  #tls_ns: number | undefined;
  #resumed = false;

  constructor(options: HttpConnectionOptions) {
    this.#options = options;
    this.#parser = new ResponseParser(options.maxResponseBytes ?? RESPONSE_BYTES_MAX);
  }

  /** Time of the TCP handshake, name look-up included; `undefined` until it is done. */
  get connect_ns(): number | undefined {
    return this.#connect_ns;
  }

  /** Time of the TLS handshake; `undefined` until it is done and without TLS. */
  get tls_ns(): number | undefined {
    return this.#tls_ns;
  }

  /** When the last request was handed to the socket. */
  get sent_ns(): number {
    return this.#sent_ns;
  }

  /** The server accepted the offered session ticket. */
  get resumed(): boolean {
    return this.#resumed;
  }

  /** Connected, and the certificate verified. */
  get connected(): boolean {
    return this.#ready && !this.#closed;
  }

  /** No further request can be sent: this side or the peer closed, or something failed. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * @param bytes the complete request; a string is sent as UTF-8
   * @throws TransportError (as a rejection); the connection is closed then, unless it was `Busy`
   */
  request(bytes: Buffer | string): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      if (!this.#begin(reject)) return;
      this.#resolve = resolve;
      if (this.#ready) this.#write(bytes);
      else this.#unsent = bytes;
    });
  }

  /** Connects without a request. @throws TransportError as `request` does */
  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (!this.#begin(reject)) return;
      if (this.#ready) this.#settle(resolve);
      else this.#onConnected = resolve;
    });
  }

  /**
   * The newest TLS session ticket; connects and waits for the first. A server may send none on a resumed connection:
   * the ticket that was offered stays good then.
   * @throws TransportError as `request` does
   */
  session(): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (!this.#begin(reject)) return;
      const give = () => resolve(this.#session!);
      if (this.#session !== undefined) this.#settle(give);
      else this.#onTicket = give;
    });
  }

  /** Takes the connection for one use and opens it on the first. @returns whether it could be taken */
  #begin(reject: (error: TransportError) => void): boolean {
    if (this.#closed || this.#reject !== undefined) {
      reject(
        this.#closed
          ? new TransportError('Closed', 'The connection is closed; open another one.')
          : new TransportError('Busy', 'The connection is in use; wait for the end of that.'),
      );
      return false;
    }
    this.#reject = reject;
    this.#watch();
    if (this.#socket === undefined) this.#open();
    return true;
  }

  #settle(resolve: () => void): void {
    this.#release();
    resolve();
  }

  /** Ends the use of the connection. */
  #release(): void {
    this.#resolve = undefined;
    this.#onConnected = undefined;
    this.#onTicket = undefined;
    this.#reject = undefined;
  }

  /** Closes an idle connection; a request in flight fails with code `Closed`. */
  close(): void {
    this.#fail(new TransportError('Closed', 'The connection was closed before the response came.'));
  }

  #open(): void {
    const { tls } = this.#options;
    const { host, port } = this.#options.via ?? this.#options;
    this.#start_ns = realClock.now_ns();
    const onread: OnReadOpts = { buffer: READ_BUFFER, callback: this.#received };
    if (tls === undefined) {
      const socket = connectTcp({ host, port, noDelay: true, onread });
      socket.once('connect', () => {
        this.#connect_ns = realClock.now_ns() - this.#start_ns;
        this.#sendFirst();
      });
      this.#attach(socket);
    } else {
      const name = tls.servername ?? this.#options.host;
      const servername = isIP(name) === 0 ? name : undefined;
      const { session } = tls;
      // The types leave out `onread`, which tls.connect() passes on to the socket it makes.
      const options = {
        host,
        port,
        servername,
        checkServerIdentity: (_: string, certificate: PeerCertificate) =>
          checkServerIdentity(name, certificate),
        session,
        secureContext: contextOf(tls.ca),
        noDelay: true,
        onread,
      };
      const socket = connectTls(options);
      this.#attach(socket);
      this.#attachTls(socket);
    }
  }

  #attach(socket: Socket): void {
    this.#socket = socket;
    socket.on('error', (error) => this.#fail(transportError(error, this.#where)));
    socket.on('end', () => this.#ended());
    socket.on('close', () => this.#ended());
  }

  #attachTls(socket: TLSSocket): void {
    let connected_ns = 0;
    socket.once('connect', () => {
      connected_ns = realClock.now_ns();
      this.#connect_ns = connected_ns - this.#start_ns;
    });
    socket.once('secureConnect', () => {
      this.#tls_ns = realClock.now_ns() - connected_ns;
      this.#resumed = socket.isSessionReused();
      this.#sendFirst();
    });
    socket.on('session', (session) => {
      this.#session = session;
      this.#options.onSession?.(session);
      // The event comes from within the TLS engine, and Node 22 loses what is written from there.
      if (this.#onTicket !== undefined) setImmediate(() => this.#onTicket && this.#settle(this.#onTicket));
    });
  }

  /** Waits for the verified handshake, so that no request reaches a server that is not the one meant. */
  #sendFirst(): void {
    this.#ready = true;
    if (this.#onConnected !== undefined) this.#settle(this.#onConnected);
    if (this.#unsent === undefined) return;
    this.#write(this.#unsent);
    this.#unsent = undefined;
  }

  #write(bytes: Buffer | string): void {
    this.#sent_ns = realClock.now_ns();
    this.#socket!.write(bytes);
  }

  readonly #received = (size: number): boolean => {
    if (this.#closed) return true;
    try {
      if (this.#resolve === undefined) throw protocolError('bytes that no request asked for');
      const response = this.#parser.push(READ_BUFFER.subarray(0, size));
      if (response !== undefined) this.#respond(response);
    } catch (error) {
      this.#fail(transportError(error as Error, this.#where));
    }
    return true;
  };

  #respond(response: HttpResponse): void {
    const resolve = this.#resolve!;
    this.#release();
    if (!this.#parser.reusable) this.close();
    resolve(response);
  }

  #ended(): void {
    if (this.#closed) return;
    const response = this.#resolve === undefined ? undefined : this.#parser.end();
    if (response === undefined) {
      this.#fail(
        new TransportError('EOF', `${this.#where}: the server closed before its response was whole.`),
      );
    } else {
      this.#respond(response);
    }
  }

  #fail(error: TransportError): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
    const reject = this.#reject;
    this.#release();
    reject?.(error);
  }

  /** One timer for the connection, moved on only when it fires: most requests never touch it. */
  #watch(): void {
    this.#due_ns = realClock.now_ns() + this.#options.timeout_ms * 1e6;
    this.#timer ??= setTimeout(this.#check, this.#options.timeout_ms).unref();
  }

  readonly #check = (): void => {
    this.#timer = undefined;
    if (this.#reject === undefined) return;
    const left_ns = this.#due_ns - realClock.now_ns();
    if (left_ns > 0) {
      this.#timer = setTimeout(this.#check, Math.ceil(left_ns / 1e6)).unref();
      return;
    }
    const what = this.#ready ? 'no response' : 'no connection';
    this.#fail(
      new TransportError('Timeout', `${this.#where}: ${what} within ${this.#options.timeout_ms} ms.`),
    );
  };

  get #where(): string {
    return `${this.#options.host}:${this.#options.port}`;
  }
}

const contexts = new Map<string, SecureContext>();

/** Parsing certificates costs more than a handshake, and a process trusts few authorities. */
function contextOf(ca: string | undefined): SecureContext {
  const id = ca ?? '';
  let context = contexts.get(id);
  if (context === undefined) {
    context = createSecureContext({ ca });
    contexts.set(id, context);
  }
  return context;
}
