import { createKmsClient, type KmsClient, type KmsClientOptions } from './kms/kms.ts';
import { RegionGroup, type StoreServer, type StoreServerOptions, startStoreServer } from './store/store.ts';
import type { WireServer } from './wire/wire.ts';

interface RegionServer {
  readonly wire: WireServer;
  close(): Promise<void>;
}

/** One service in several Regions, at the port of the main one. */
export interface RegionServers<Server extends RegionServer> {
  main: Server;
  /** By Region, the main one included and first. */
  all: ReadonlyMap<string, Server>;
  close(): Promise<void>;
}

/**
 * @param regions the main one first
 * @param start is told of the main Region's server where there is one, to serve at its port
 */
export async function startRegions<Server extends RegionServer>(
  regions: readonly [string, ...string[]],
  start: (region: string, beside: WireServer | undefined) => Promise<Server>,
): Promise<RegionServers<Server>> {
  const all = new Map<string, Server>();
  // The main one first: it has the connections, and lets requests in flight end in all Regions.
  const close = async (): Promise<void> => {
    for (const server of all.values()) await server.close();
  };
  try {
    const [mainRegion, ...others] = regions;
    const main = await start(mainRegion, undefined);
    all.set(mainRegion, main);
    for (const region of others) all.set(region, await start(region, main.wire));
    return { main, all, close };
  } catch (error) {
    await close();
    throw error;
  }
}

export interface RegionStores extends RegionServers<StoreServer> {
  /** The main Region's client of its KMS. */
  kms: KmsClient;
}

/**
 * Stores that replicate tables to each other, each with the KMS of its own Region.
 *
 * @param regions the main one first
 */
export async function startRegionStores(
  regions: readonly [string, ...string[]],
  kmsOf: (region: string) => KmsClientOptions,
  optionsOf: (region: string) => Omit<StoreServerOptions, 'kms' | 'regions'>,
): Promise<RegionStores> {
  const group = new RegionGroup();
  const clients = new Map(regions.map((region) => [region, createKmsClient(kmsOf(region))]));
  const closeClients = async (): Promise<void> => {
    for (const client of clients.values()) await client.close();
  };
  try {
    const stores = await startRegions(regions, (region, beside) => {
      const options = optionsOf(region);
      return startStoreServer({
        ...options,
        kms: clients.get(region)!,
        regions: group,
        port: beside ?? options.port,
      });
    });
    const close = async (): Promise<void> => {
      await stores.close();
      await closeClients();
    };
    return { ...stores, kms: clients.get(regions[0])!, close };
  } catch (error) {
    await closeClients();
    throw error;
  }
}
