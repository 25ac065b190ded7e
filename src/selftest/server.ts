import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { realClock } from '../std/clock.ts';
import type { Alarms } from './alarms.ts';
import type { Behaviour, ServerCounts, ServerLog } from './types.ts';

const ITEM = '{"Item":{"pk":{"S":"x"}}}';
const THROTTLED =
  '{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"Rate exceeded"}';

/**
 * Speaks as much of DynamoDB as a client needs that only asks, and answers as it was told to. It logs when each request
 * had arrived and how long it stayed, since its own clock wakes it late too.
 */
export class KnownServer {
  readonly #behaviour: Behaviour;
  readonly #alarms: Alarms;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #total = noCounts();
  #stretch = noCounts();
  #received_ns: number[] = [];
  #stays_ns: number[] = [];

  constructor(behaviour: Behaviour, alarms: Alarms) {
    this.#behaviour = behaviour;
    this.#alarms = alarms;
    this.#server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  /** @returns its URL, on a free port of the loopback interface */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port: 0, host: '127.0.0.1', backlog: 1024 }, () => {
        resolve(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`);
      });
    });
  }

  /** A new stretch: the log is empty, delays and faults start from their first. */
  begin(): void {
    this.#stretch = noCounts();
    this.#received_ns = [];
    this.#stays_ns = [];
  }

  log(): ServerLog {
    return {
      received_ns: Float64Array.from(this.#received_ns),
      stays_ns: Float64Array.from(this.#stays_ns),
      stretch: { ...this.#stretch },
      total: { ...this.#total },
    };
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.#count('connections');
    this.#sockets.add(socket);
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      for (let length = requestLength(text); length !== undefined; length = requestLength(text)) {
        text = text.slice(length);
        this.#take(socket);
      }
    });
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #take(socket: Socket): void {
    const received_ns = realClock.now_ns();
    const { delays_ns, throttleEvery, resetEvery } = this.#behaviour;
    const number = this.#received_ns.push(received_ns);
    this.#count('requests');
    if (isTurn(number, throttleEvery)) {
      this.#count('throttled');
      this.#answer(socket, '400 Bad Request', THROTTLED);
      return;
    }
    const delay_ns = delays_ns[(number - 1) % delays_ns.length]!;
    const stays_ns = this.#stays_ns;
    const finish = () => {
      if (isTurn(number, resetEvery)) {
        this.#count('resets');
        socket.resetAndDestroy();
        return;
      }
      stays_ns.push(realClock.now_ns() - received_ns);
      this.#answer(socket, '200 OK', ITEM);
    };
    if (delay_ns === 0) finish();
    else this.#alarms.at(received_ns + delay_ns, finish);
  }

  #answer(socket: Socket, status: string, body: string): void {
    const { closes } = this.#behaviour;
    socket.write(
      `HTTP/1.1 ${status}\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: ${body.length}\r\nconnection: ${closes ? 'close' : 'keep-alive'}\r\n\r\n${body}`,
      'latin1',
    );
    if (closes) socket.end();
  }

  #count(what: keyof ServerCounts): void {
    this.#total[what]++;
    this.#stretch[what]++;
  }
}

/** Of the first request in the text, head and body; undefined until it is whole. */
function requestLength(text: string): number | undefined {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return undefined;
  const body = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, head))?.[1] ?? 0;
  const length = head + 4 + Number(body);
  return text.length < length ? undefined : length;
}

function isTurn(number: number, every: number | undefined): boolean {
  return every !== undefined && number % every === 0;
}

function noCounts(): ServerCounts {
  return { requests: 0, connections: 0, throttled: 0, resets: 0 };
}
