import type { DriverCounters } from './types.ts';

export function noCounters(): DriverCounters {
  return { opened: 0, tls_full: 0, tls_resumed: 0, requests: 0, transport_errors: 0, abandoned: 0 };
}
