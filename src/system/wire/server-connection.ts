import type { Socket } from 'node:net';
import { realClock } from '../../std/clock.ts';
import { badRequest, type HttpRequest, RequestRefusal } from './http-request.ts';
import { type Sender, sendThisTurn } from './outbox.ts';
import { RequestParser } from './request-parser.ts';
import { type RequestTrace, TRACE_HEADER } from './types.ts';

/** Where a request's answer goes, once. */
export interface Responder {
  /** Of a request that asked for it. */
  readonly trace: RequestTrace | undefined;
  /** @param lines header lines, each ended by CRLF; length, date and connection are added */
  respond(status: number, lines: string, body: Buffer): void;
}

export interface ServerConnectionOptions {
  id: number;
  maxBodyBytes: number;
  onRequest: (request: HttpRequest, connection: ServerConnection) => void;
  /** The server takes no further request after the one under way. */
  closing: () => boolean;
}

const NO_BODY = Buffer.alloc(0);

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  404: 'Not Found',
  413: 'Payload Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** One client's connection: reads a request, has it answered, reads the next. */
export class ServerConnection implements Responder, Sender {
  readonly id: number;
  readonly sourceIp: string;
  readonly #socket: Socket;
  readonly #options: ServerConnectionOptions;
  readonly #parser: RequestParser;
  /** Being answered. */
  #request: HttpRequest | undefined;
  trace: RequestTrace | undefined;
  /** When bytes came last. */
  #read_ns = 0;
  /** When the request that is arriving began; `undefined` between requests. */
  #began_ns: number | undefined;
  /** That request's body was asked for. */
  #continued = false;
  /** The client's side is closed. */
  #ended = false;
  /** To be sent at the end of the turn. */
  #answerHead = '';
  #answerBody: Buffer = NO_BODY;
  /** After that answer. */
  #staysOpen = true;

  constructor(socket: Socket, options: ServerConnectionOptions) {
    this.id = options.id;
    this.sourceIp = socket.remoteAddress ?? '';
    this.#socket = socket;
    this.#options = options;
    this.#parser = new RequestParser(options.maxBodyBytes);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('end', () => this.#end());
    socket.on('drain', () => this.#resume());
    // A connection that broke has nobody to be told; `close` follows.
    socket.on('error', () => {});
  }

  /** Closes the connection unless a request is being answered: then its answer does. */
  closeWhenIdle(): void {
    if (this.#request === undefined) this.#leave();
  }

  /** Refuses a request that has been arriving for longer than this. */
  expire(now_ns: number, limit_ns: number): void {
    if (this.#began_ns === undefined || now_ns - this.#began_ns < limit_ns) return;
    this.#refuse(new RequestRefusal('408 Request Timeout'));
  }

  respond(status: number, lines: string, body: Buffer): void {
    const { method, keepAlive } = this.#request!;
    const isLast = this.#ended && !this.#parser.begun;
    this.#staysOpen = keepAlive && !isLast && !this.#options.closing();
    const connection = this.#staysOpen ? 'keep-alive' : 'close';
    this.#answerHead = `HTTP/1.1 ${status} ${REASONS[status] ?? ''}\r\n${lines}content-length: ${body.length}\r\ndate: ${httpDate()}\r\nconnection: ${connection}\r\n\r\n`;
    this.#answerBody = method === 'HEAD' ? NO_BODY : body;
    sendThisTurn(this);
  }

  send(): void {
    const head = this.trace === undefined ? this.#answerHead : traced(this.#answerHead, this.trace);
    const answer = Buffer.allocUnsafe(head.length + this.#answerBody.length);
    answer.write(head, 'latin1');
    answer.set(this.#answerBody, head.length);
    this.#socket.write(answer);
    this.#answerBody = NO_BODY;
    this.#request = undefined;
    if (this.#staysOpen) this.#resume();
    else this.#leave();
  }

  #receive(bytes: Buffer): void {
    this.#read_ns = realClock.now_ns();
    this.#parser.push(bytes);
    if (this.#request === undefined) this.#advance();
    // A client may send its next request early, and not without end.
    else this.#socket.pause();
  }

  /** Goes on with what arrived meanwhile, once the client has taken what it was sent. */
  #resume(): void {
    const { destroyed, writableNeedDrain } = this.#socket;
    if (this.#request !== undefined || destroyed || writableNeedDrain) return;
    if (this.#socket.isPaused()) this.#socket.resume();
    if (this.#parser.begun) this.#advance();
    else if (this.#ended) this.#leave();
  }

  #advance(): void {
    try {
      const request = this.#parser.next();
      if (request !== undefined) this.#take(request);
      else this.#await();
    } catch (error) {
      if (!(error instanceof RequestRefusal)) throw error;
      this.#refuse(error);
    }
  }

  #take(request: HttpRequest): void {
    this.#request = request;
    const asks = request.headers[TRACE_HEADER] !== undefined;
    this.trace = asks ? { received_ns: this.#read_ns, kms_ns: 0, crypto_ns: 0, storage_ns: 0 } : undefined;
    this.#began_ns = undefined;
    this.#continued = false;
    this.#options.onRequest(request, this);
  }

  /** No more than a part of a request is there. */
  #await(): void {
    if (!this.#parser.begun) return;
    if (this.#ended) throw badRequest();
    this.#began_ns ??= realClock.now_ns();
    if (this.#continued || !this.#parser.head?.expectsContinue) return;
    this.#continued = true;
    this.#socket.write('HTTP/1.1 100 Continue\r\n\r\n');
  }

  /** The client sends no more; what it asked for it still gets. */
  #end(): void {
    this.#ended = true;
    this.#resume();
  }

  #refuse({ status }: RequestRefusal): void {
    this.#began_ns = undefined;
    if (this.#socket.writable) this.#socket.write(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
    this.#leave();
  }

  /** Closes once everything is written; what still arrives is dropped. */
  #leave(): void {
    this.#socket.removeAllListeners('data').resume();
    this.#socket.destroySoon();
  }
}

/** Told at the last moment, when the answer goes out. */
function traced(head: string, { received_ns, kms_ns, crypto_ns, storage_ns }: RequestTrace): string {
  const lineEnd = head.indexOf('\r\n') + 2;
  const times = [received_ns, realClock.now_ns(), kms_ns, crypto_ns, storage_ns].join(',');
  return `${head.slice(0, lineEnd)}${TRACE_HEADER}: ${times}\r\n${head.slice(lineEnd)}`;
}

let lastSecond = Number.NaN;
let lastDate = '';

/** RFC 9110 IMF-fixdate, by which clients correct their clocks. */
function httpDate(): string {
  const second = Math.floor(realClock.wall_ms() / 1000);
  if (second !== lastSecond) {
    lastSecond = second;
    lastDate = new Date(second * 1000).toUTCString();
  }
  return lastDate;
}
