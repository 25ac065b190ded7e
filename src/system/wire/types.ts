/** What crosses the doors of the wire room: principals, AWS JSON requests, servers and connections. */

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  /** Of temporary credentials. */
  sessionToken?: string;
}

/** Who a request acts as. A `service` principal may name, in a request, the principal it acts for. */
export interface Principal {
  /** `arn:aws:iam::123456789012:user/caller-1`, or `dynamodb.amazonaws.com` for a service. */
  arn: string;
  accountId: string;
  name: string;
  kind: 'user' | 'service';
}

/** A principal with the credentials that prove it. */
export interface Caller extends Credentials {
  principal: Principal;
  /** What it may do, as a policy document of IAM; everything without one. */
  policy?: Readonly<Record<string, unknown>>;
}

/** Asks a server of ours to tell, in a header of the same name, where the time of this request goes. Not signed. */
export const TRACE_HEADER = 'x-sealbench-trace';

/** Where the time of one request goes, as it goes; of those alone that ask for it. On the machine's monotonic clock. */
export interface RequestTrace {
  /** When the request was read whole. */
  received_ns: number;
  /** Waiting for keys that the KMS has to open. */
  kms_ns: number;
  /** Locating, sealing and opening. */
  crypto_ns: number;
  /** The storage engine, waiting for its commits included. */
  storage_ns: number;
}

/** One authenticated request for one operation. */
export interface WireRequest {
  operation: string;
  body: Record<string, unknown>;
  /** The signer; with `auth: none`, whoever the credential scope names, or the first caller. */
  signer: Principal;
  /** The signer, or the principal that a service signer forwards (header `x-sealbench-on-behalf-of`). */
  principal: Principal;
  /** Identifies the TCP connection; unique in the life of the process. */
  connectionId: number;
  requestId: string;
  sourceIp: string;
  userAgent: string;
  trace?: RequestTrace | undefined;
}

/**
 * Performs an operation. Returns the response body: an object to serialise, or JSON already serialised, as text or as
 * bytes (a `Buffer`, which must not change afterwards).
 * Throws `AwsError` for a failure that the service documents; anything else becomes a 500 without details.
 */
export type OperationHandler = (request: WireRequest) => Promise<object | string> | object | string;

/** By prefix of `X-Amz-Target` (`DynamoDB_20120810`, `TrentService`), the operations of an API by name. */
export type Apis = Readonly<Record<string, Readonly<Record<string, OperationHandler>>>>;

export interface TlsIdentity {
  /** PEM. */
  key: string;
  /** PEM: the server's certificate. */
  cert: string;
  /** PEM: what a client must trust. */
  ca: string;
}

/** A service in one Region, at whatever port. */
export interface WireRegionOptions {
  /** Service name in the credential scope. */
  service: 'dynamodb' | 'kms';
  region: string;
  jsonVersion: '1.0' | '1.1';
  /** Put before `#Code` in `__type`; empty for none. */
  errorNamespace: string;
  apis: Apis;
  callers: readonly Caller[];
  auth: 'sigv4' | 'none';
  /** DynamoDB sends `x-amz-crc32`. */
  crc32: boolean;
  /** Called once when a connection is gone, with its id. */
  onConnectionClosed?: (connectionId: number) => void;
  /** Called for a request that was refused before its operation saw it: its signature, its body, its principal. */
  onRefused?: (operation: string, code: string) => void;
  /** Last word on a thrown error before it is sent: turns the room's own errors into AWS ones. */
  mapError?: (error: unknown, request: WireRequest) => unknown;
}

export interface WireServerOptions extends WireRegionOptions {
  tls?: TlsIdentity;
  /** Default 127.0.0.1. */
  host?: string;
  /**
   * 0 takes any free one. Another Region's server: at the same port, where the Region in a request's credential scope
   * tells whose it is.
   */
  port: number | WireServer;
  /** Longest request body. */
  maxBodyBytes: number;
  /** For a request to arrive whole, from its first byte. Default 30,000. */
  requestTimeout_ms?: number;
}

/** Counted since the server started, or since the last `reset()`. */
export interface WireCounters {
  requests: number;
  connections_opened: number;
  tls_full: number;
  tls_resumed: number;
}

export interface WireServer {
  url: string;
  port: number;
  counters(): WireCounters;
  reset(): void;
  /**
   * Serves another Region at this port. Requests that name neither, or none, are this server's.
   * @returns the Region's own server: it counts its requests; connections are counted here. It closes before this one.
   */
  join(region: WireRegionOptions): WireServer;
  /** Stops listening, lets requests in flight end, closes connections. */
  close(): Promise<void>;
}
