import { type HttpResponse, type RequestTrace, TRACE_HEADER } from '../system/system.ts';
import type { Probe } from './types.ts';

/** The line that has a server of ours tell. */
export const ASK_FOR_TRACE = `${TRACE_HEADER}: 1\r\n`;

/** A request as its client saw it, on the machine's monotonic clock. */
export interface Exchange {
  /** Work on the request began. */
  begun_ns: number;
  /** It was handed to a connection, which may have had to be made. */
  asked_ns: number;
  /** How long that took. */
  connect_ns: number;
  /** It was handed to the socket. */
  sent_ns: number;
  /** Its answer was complete. */
  answered_ns: number;
}

/** Adds up what the client alone can tell: what is not the connection's is on the wire, or behind it. */
export function explainExchange(probe: Probe, exchange: Exchange): void {
  probe.connect_ns += exchange.connect_ns;
  probe.wire_ns += exchange.asked_ns - exchange.begun_ns + (exchange.answered_ns - exchange.sent_ns);
}

/**
 * Adds up what client and server tell together. Times that contradict each other (a request read before it was sent, an
 * answer read before it was, parts longer than the whole) explain nothing: what they were stays unaccounted for.
 */
export function explainTold(probe: Probe, exchange: Exchange, response: HttpResponse): void {
  probe.connect_ns += exchange.connect_ns;
  const told = readTrace(response);
  if (told === undefined) return;
  const { trace, sent_ns } = told;
  const there_ns = trace.received_ns - exchange.sent_ns;
  const back_ns = exchange.answered_ns - sent_ns;
  if (!(there_ns >= 0 && back_ns >= 0) || !explainTrace(probe, trace, sent_ns)) return;
  probe.wire_ns += exchange.asked_ns - exchange.begun_ns + there_ns + back_ns;
}

/** Adds up what a store tells of a request that it ended at a moment. @returns false where it contradicts itself */
export function explainTrace(probe: Probe, trace: RequestTrace, ended_ns: number): boolean {
  const { received_ns, kms_ns, crypto_ns, storage_ns } = trace;
  const other_ns = ended_ns - received_ns - kms_ns - crypto_ns - storage_ns;
  if (!(Math.min(other_ns, kms_ns, crypto_ns, storage_ns) >= 0)) return false;
  probe.kms_ns += kms_ns;
  probe.crypto_ns += crypto_ns;
  probe.storage_ns += storage_ns;
  probe.server_other_ns += other_ns;
  return true;
}

const TOLD = new RegExp(`\r\n${TRACE_HEADER}: (\\d+),(\\d+),(\\d+),(\\d+),(\\d+)(?:\r\n|$)`);

function readTrace({ head }: HttpResponse): { trace: RequestTrace; sent_ns: number } | undefined {
  const match = TOLD.exec(head);
  if (match === null) return undefined;
  const [received_ns, sent_ns, kms_ns, crypto_ns, storage_ns] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { trace: { received_ns, kms_ns, crypto_ns, storage_ns }, sent_ns };
}
