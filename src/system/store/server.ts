import { type OperationHandler, startWireServer } from '../wire/wire.ts';
import { API_OPERATIONS, createStore } from './encrypted-store.ts';
import type { StoreServer, StoreServerOptions } from './types.ts';

/** DynamoDB takes bodies of up to 16 MB. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/**
 * The store behind DynamoDB's protocol, JSON 1.0 over HTTP(S): its tables and, at the same address, its streams.
 * @throws InputError for a directory or port that can't be used
 */
export async function startStoreServer(options: StoreServerOptions): Promise<StoreServer> {
  const { region, callers, auth, tls, host, port } = options;
  const store = await createStore(options);
  const handlerOf =
    (name: string): OperationHandler =>
    ({ body, principal, connectionId, trace }) =>
      store.execute(name, body, { principal, connectionId, trace });
  const apis = Object.fromEntries(
    Object.entries(API_OPERATIONS).map(([prefix, names]) => [
      prefix,
      Object.fromEntries(names.map((name) => [name, handlerOf(name)])),
    ]),
  );
  const wire = await startWireServer({
    service: 'dynamodb',
    region,
    jsonVersion: '1.0',
    errorNamespace: 'com.amazonaws.dynamodb.v20120810',
    apis,
    callers,
    auth,
    crc32: true,
    tls,
    host,
    port,
    maxBodyBytes: MAX_BODY_BYTES,
    onConnectionClosed: (connectionId) => store.connectionClosed(connectionId),
  }).catch(async (failure) => {
    await store.close();
    throw failure;
  });
  return {
    url: wire.url,
    port: wire.port,
    wire,
    store,
    counters: () => ({ ...wire.counters(), ...store.counters() }),
    reset: () => {
      wire.reset();
      store.reset();
    },
    close: async () => {
      await wire.close();
      await store.close();
    },
  };
}
