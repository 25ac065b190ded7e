import { fileURLToPath } from 'node:url';
import { CALLERS, PER_CALLER } from './beds.ts';
import { testDriver } from './conformance.ts';

const CONNECTIONS = CALLERS * PER_CALLER;
const OPERATIONS = 2 * CONNECTIONS;
const CLOSED_LOOP = `arrivals: { loop: closed, concurrency: ${CONNECTIONS} }`;
const failure = 'ResourceNotFoundException';

testDriver('http, keep-alive over TLS', {
  settings: `connections: { perCaller: ${PER_CALLER} }`,
  opening: {},
  working: { opened: CONNECTIONS, tls_full: CONNECTIONS, requests: OPERATIONS },
  failure,
  counted: true,
});

testDriver('http, keep-alive without TLS or signatures', {
  settings: `connections: { perCaller: ${PER_CALLER}, tls: false }\nsign: false`,
  opening: {},
  working: { opened: CONNECTIONS, requests: OPERATIONS },
  failure,
  counted: true,
});

testDriver('http, resumed', {
  settings: 'connections: { mode: resumed }',
  opening: { opened: CALLERS, tls_full: CALLERS },
  working: { opened: OPERATIONS, tls_resumed: OPERATIONS, requests: OPERATIONS },
  failure,
  counted: true,
});

testDriver('http, fresh', {
  settings: 'connections: { mode: fresh }',
  opening: {},
  working: { opened: OPERATIONS, tls_full: OPERATIONS, requests: OPERATIONS },
  failure,
  counted: true,
});

testDriver('http, connections of one operation', {
  settings: `connections: { perCaller: ${PER_CALLER}, operations: 1 }`,
  opening: {},
  working: { opened: OPERATIONS, tls_full: OPERATIONS, requests: OPERATIONS },
  failure,
  counted: true,
});

testDriver('http, resumed connections of two operations', {
  settings: `connections: { mode: resumed, perCaller: ${PER_CALLER}, operations: 2 }`,
  opening: { opened: CALLERS, tls_full: CALLERS },
  working: { opened: CONNECTIONS, tls_resumed: CONNECTIONS, requests: OPERATIONS },
  failure,
  counted: true,
});

testDriver('envelope, keep-alive', {
  settings: `driver: envelope\nconnections: { perCaller: ${PER_CALLER} }`,
  opening: {},
  working: { opened: CONNECTIONS, requests: OPERATIONS },
  failure,
  counted: false,
});

testDriver('envelope, connections of one operation', {
  settings: `driver: envelope\nconnections: { perCaller: ${PER_CALLER}, operations: 1 }`,
  opening: {},
  working: { opened: OPERATIONS, requests: OPERATIONS },
  failure,
  counted: false,
});

testDriver('envelope, fresh', {
  settings: 'driver: envelope\nconnections: { mode: fresh }',
  opening: {},
  working: { opened: OPERATIONS, requests: OPERATIONS },
  failure,
  counted: false,
});

testDriver('sdk, keep-alive over TLS', {
  settings: `driver: sdk\nconnections: { perCaller: ${PER_CALLER} }`,
  opening: {},
  working: { opened: CONNECTIONS, tls_full: CONNECTIONS, requests: OPERATIONS },
  failure,
  counted: true,
});

testDriver('sdk, fresh', {
  settings: 'driver: sdk\nconnections: { mode: fresh }',
  opening: {},
  working: { opened: OPERATIONS, tls_full: OPERATIONS, requests: OPERATIONS },
  failure,
  counted: true,
});

testDriver('sdk, keep-alive without TLS', {
  settings: `driver: sdk\nconnections: { perCaller: ${PER_CALLER}, tls: false }`,
  opening: {},
  working: { opened: CONNECTIONS, requests: OPERATIONS },
  failure,
  counted: true,
});

testDriver('autocannon, signed', {
  settings: `driver: autocannon\nconnections: { perCaller: ${PER_CALLER} }\n${CLOSED_LOOP}`,
  opening: {},
  working: { opened: CONNECTIONS, requests: OPERATIONS },
  failure,
  counted: true,
});

testDriver('autocannon, without signatures', {
  settings: `driver: autocannon\nconnections: { perCaller: ${PER_CALLER} }\nsign: false\n${CLOSED_LOOP}`,
  opening: {},
  working: { opened: CONNECTIONS, requests: OPERATIONS },
  failure,
  counted: true,
});

testDriver("a user's own module", {
  settings: `driver: ${fileURLToPath(new URL('modules/over-http.ts', import.meta.url))}\nconnections: { perCaller: ${PER_CALLER} }`,
  opening: {},
  working: { opened: CONNECTIONS, tls_full: CONNECTIONS, requests: OPERATIONS },
  failure,
  counted: true,
});

testDriver('noop', {
  settings: 'driver: noop',
  opening: {},
  working: {},
  failure: undefined,
  answers: false,
  counted: false,
});
