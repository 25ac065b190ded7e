import { TransportError } from '../wire/wire.ts';

/** What a pool needs to know of a connection. */
export interface Poolable {
  readonly closed: boolean;
  close(): void;
}

export interface PoolOptions<Connection extends Poolable> {
  open(): Connection;
  /** Connections in use at once; requests beyond wait for their turn. */
  maxConnections: number;
  /** Whether a connection serves again after a request. */
  reuse: boolean;
}

/** Lends connections, the most recently used first, so that those which are too many fall idle. */
export class ConnectionPool<Connection extends Poolable> {
  readonly #options: PoolOptions<Connection>;
  readonly #idle: Connection[] = [];
  readonly #lent = new Set<Connection>();
  readonly #waiting: { resolve: (connection: Connection) => void; reject: (reason: Error) => void }[] = [];
  #closed = false;

  constructor(options: PoolOptions<Connection>) {
    this.#options = options;
  }

  /** Waits while all connections are lent. @throws TransportError `Closed` once the pool is closed */
  acquire(): Promise<Connection> {
    if (this.#closed) return Promise.reject(poolClosed());
    if (this.#lent.size < this.#options.maxConnections) return Promise.resolve(this.#lend());
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Takes back what `acquire` lent. */
  release(connection: Connection): void {
    this.#lent.delete(connection);
    if (this.#closed || !this.#options.reuse) connection.close();
    if (!connection.closed) this.#idle.push(connection);
    if (!this.#closed) this.#waiting.shift()?.resolve(this.#lend());
  }

  /** Closes all connections, those in use included; who waits for one gets an error. */
  close(): void {
    this.#closed = true;
    for (const connection of [...this.#idle, ...this.#lent]) connection.close();
    this.#idle.length = 0;
    for (const { reject } of this.#waiting.splice(0)) reject(poolClosed());
  }

  #lend(): Connection {
    let connection = this.#idle.pop();
    // The server may have closed it while it was idle.
    while (connection?.closed) connection = this.#idle.pop();
    connection ??= this.#options.open();
    this.#lent.add(connection);
    return connection;
  }
}

function poolClosed(): TransportError {
  return new TransportError('Closed', 'The KMS client is closed; make another one.');
}
