import { AsyncLocalStorage } from 'node:async_hooks';
import {
  Agent,
  type AgentOptions,
  type ClientRequest,
  type ClientRequestArgs,
  type IncomingMessage,
} from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { checkServerIdentity, type PeerCertificate, TLSSocket } from 'node:tls';
import type { ConnectionCounters } from '../recording/recording.ts';
import { realClock } from '../std/clock.ts';
import type { Probe } from './types.ts';

/** The operation that a request belongs to. */
export interface Flight {
  probe: Probe | undefined;
  /** Up to when its probe knows where the time went. */
  explained_ns: number;
  /** The outcome of an operation that was given up: what becomes of its requests is no failure of theirs. */
  givenUp: string | undefined;
}

/** The time since the last call, on a sampled operation, went there. */
export function explain(flight: Flight | undefined, part: 'queue_ns' | 'connect_ns' | 'wire_ns'): void {
  if (!flight?.probe) return;
  const now_ns = realClock.now_ns();
  flight.probe[part] += now_ns - flight.explained_ns;
  flight.explained_ns = now_ns;
}

/** Tells an agent which operation asks it: the SDK's own layers, with their retries, lie between. */
export const flights = new AsyncLocalStorage<Flight>();

export interface SdkAgentOptions {
  secure: boolean;
  /** Where to connect in place of the endpoint, whose names stay. */
  via?: { host: string; port: number };
  /** PEM to trust instead of the system's roots. */
  ca?: string;
  keepAlive: boolean;
  /** Most connections of a pool that keeps them. */
  connections: number;
  /** Where to count at the moment. */
  counters: () => ConnectionCounters;
}

/**
 * Node's own agent, as the SDK uses it, with its doors watched: every attempt of the SDK's passes here, and no other
 * place knows which of them had to wait for a connection.
 */
export function createSdkAgent({
  secure,
  via,
  ca,
  keepAlive,
  connections,
  counters,
}: SdkAgentOptions): Agent {
  // A limit would have an agent that keeps nothing hand connections on to whoever waits.
  const pool: AgentOptions = keepAlive
    ? { keepAlive, maxSockets: connections, maxFreeSockets: connections }
    : { keepAlive };
  // Without cached sessions a new connection makes the full handshake that `fresh` promises.
  const agent = secure ? new SecureAgent({ ...pool, ca, maxCachedSessions: 0 }) : new Agent(pool);
  watchConnections(agent, counters, via);
  watchRequests(agent, counters);
  return agent;
}

function watchConnections(
  agent: Agent,
  counters: () => ConnectionCounters,
  via: SdkAgentOptions['via'],
): void {
  const { createConnection } = agent;
  agent.createConnection = (asked, ...rest) => {
    counters().opened++;
    const options = via === undefined ? asked : leadThrough(via, asked);
    const socket = createConnection.call(agent, options, ...rest);
    if (socket instanceof TLSSocket) {
      socket.once('secureConnect', () => {
        if (socket.isSessionReused()) counters().tls_resumed++;
        else counters().tls_full++;
      });
    }
    return socket;
  };
}

function leadThrough(via: { host: string; port: number }, asked: ClientRequestArgs): ClientRequestArgs {
  const identity = {
    checkServerIdentity: (name: string, certificate: PeerCertificate) =>
      checkServerIdentity(name === via.host ? (asked.host ?? name) : name, certificate),
  };
  return { ...asked, ...via, ...identity };
}

/** What every agent has and no documentation names: where Node hands it a request to find a connection for. */
interface RequestDoor {
  addRequest(request: ClientRequest, ...rest: unknown[]): void;
}

function watchRequests(agent: Agent, counters: () => ConnectionCounters): void {
  const door = agent as unknown as RequestDoor;
  const { addRequest } = door;
  door.addRequest = (request, ...rest) => {
    watchRequest(request, counters);
    addRequest.call(agent, request, ...rest);
  };
}

function watchRequest(request: ClientRequest, counters: () => ConnectionCounters): void {
  const flight = flights.getStore();
  explain(flight, 'wire_ns');
  let sent = false;
  let response: IncomingMessage | undefined;
  request.once('socket', (socket) => {
    sent = true;
    counters().requests++;
    explain(flight, 'queue_ns');
    if (!flight?.probe || !socket.connecting) return;
    const ready = socket instanceof TLSSocket ? 'secureConnect' : 'connect';
    socket.once(ready, () => explain(flight, 'connect_ns'));
  });
  // Counted with the first sign of it: the operation has ended by the last.
  let lost = false;
  const ended = () => {
    if (lost || !sent || response?.complete || flight?.givenUp !== undefined) return;
    lost = true;
    counters().transport_errors++;
  };
  request.once('response', (answer) => {
    response = answer.once('error', ended);
  });
  request.once('error', ended).once('close', ended);
}
