import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { realClock } from '../std/clock.ts';
import { startAlarm } from './alarm.ts';
import { type Alarm, Departures } from './departures.ts';
import { Lateness } from './lateness.ts';
import type { RelayOptions } from './types.ts';

const BACKLOG = 4096;
/** Bytes under way in one direction of a connection, about what Linux lets grow; the sender waits beyond. */
const WINDOW_BYTES = 4 * 1024 * 1024;
/** A relay's own delays are made up for to this extent, each: what is beyond is a machine that has too much to do. */
const MADE_UP_NS = 100e3;
const TRIALS = 32;
const TRIAL_NS = 3e6;

/**
 * Every byte leaves half a round trip after it came. The kernel answers a client's SYN at once; that is made up for by
 * a client's first bytes, which are held for the round trip that its connection would have taken.
 */
export class TcpRelay {
  readonly #options: RelayOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** A socket's bytes are noticed as late as an alarm's ring is: both wake the event loop. */
  readonly #noticing = new Lateness(MADE_UP_NS);
  /** The kernel carries bytes over to the receiver, and wakes it, while they are written. */
  readonly #writing = new Lateness(MADE_UP_NS);
  #departures: Departures | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  /** @returns its port on 127.0.0.1 */
  async listen(): Promise<number> {
    let heard = (): void => {};
    const alarm = await startAlarm((rung_ns) => {
      this.#noticing.add(realClock.now_ns() - rung_ns);
      heard();
    });
    await tryOut(alarm, (ring) => {
      heard = ring;
    });
    const departures = new Departures({ clock: realClock, alarm, soon: setImmediate });
    heard = () => departures.ring();
    this.#departures = departures;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG }, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(client: Socket): void {
    const { host, port, rtt_ns } = this.#options;
    const server = connect({ host, port, noDelay: true, allowHalfOpen: true });
    const came_ns = (): number => realClock.now_ns() - this.#noticing.usual_ns;
    const accepted_ns = came_ns();
    const writing = this.#writing;
    const common = { came_ns, writing, departures: this.#departures!, delay_ns: rtt_ns / 2 };
    // The server may send from the moment on at which the handshake's last part would have reached it.
    new Passage({ ...common, from: client, to: server, opens_ns: accepted_ns + rtt_ns });
    new Passage({ ...common, from: server, to: client, opens_ns: accepted_ns + 1.5 * rtt_ns });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    }
  }
}

/** Rings a few times, so that its lateness is known. */
async function tryOut(alarm: Alarm, listen: (heard: () => void) => void): Promise<void> {
  for (let ring = 0; ring < TRIALS; ring++) {
    await new Promise<void>((heard) => {
      listen(heard);
      alarm.set(realClock.now_ns() + TRIAL_NS);
    });
  }
}

export interface PassageOptions {
  /** When what is noticed now has come. */
  came_ns: () => number;
  /** How long writing takes: so much earlier it has to begin. */
  writing: Lateness;
  departures: Pick<Departures, 'add'>;
  from: Socket;
  to: Socket;
  delay_ns: number;
  /** What comes earlier counts as having come now. */
  opens_ns: number;
}

/** One direction of a connection: bytes, the end of them, and a failure arrive in their order, each delayed. */
export class Passage {
  readonly #options: PassageOptions;
  #held_bytes = 0;

  constructor(options: PassageOptions) {
    this.#options = options;
    const { from, to } = options;
    from.on('data', (chunk) => this.#receive(chunk));
    from.on('end', () => this.#delayed(() => to.end()));
    from.on('error', () => this.#delayed(() => to.resetAndDestroy()));
  }

  #receive(chunk: Buffer): void {
    const { from, to, writing } = this.#options;
    this.#held_bytes += chunk.length;
    if (this.#held_bytes > WINDOW_BYTES) from.pause();
    const left = (): void => {
      this.#held_bytes -= chunk.length;
      if (this.#held_bytes <= WINDOW_BYTES && from.isPaused()) from.resume();
    };
    this.#delayed(() => {
      if (!to.writable) return left();
      const start_ns = realClock.now_ns();
      to.write(chunk, left);
      writing.add(realClock.now_ns() - start_ns);
    });
  }

  #delayed(leave: () => void): void {
    const { came_ns, departures, delay_ns, opens_ns, writing } = this.#options;
    departures.add(Math.max(came_ns(), opens_ns) + delay_ns - writing.usual_ns, leave);
  }
}
