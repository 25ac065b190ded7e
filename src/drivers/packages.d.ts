/** The part that is used here of a package without types of its own. */
declare module 'autocannon/lib/httpClient.js' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';

  export interface Request {
    method: string;
    path: string;
    headers: Record<string, string>;
    body?: string;
    setupRequest?(request: Request): Request;
    onResponse?(status: number, body: string): void;
  }

  export interface Options {
    hostname: string;
    port: number;
    /** Seconds. */
    timeout: number;
    requests: Partial<Request>[];
    /** Called in the constructor, before the client connects. */
    setupClient(client: Client): void;
  }

  /** One connection: it connects and sends its first request in the constructor, and another after each answer. */
  export default class Client extends EventEmitter {
    constructor(options: Options);
    conn: Socket;
    parser: { hadError: boolean };
    _connect(): void;
    _doRequest(): void;
    destroy(): void;
  }
}
