import { startWireServer, type WireRequest } from '../wire/wire.ts';
import type { KeyVault } from './keyring.ts';
import { openKeystore } from './keystore.ts';
import { kmsOperations } from './operations.ts';
import { KmsService } from './service.ts';
import type { KmsOptions, KmsServer } from './types.ts';

/** Above any documented request: a policy of 131,072 characters, escaped. */
const BODY_BYTES_MAX = 512 * 1024;

/**
 * Starts the embedded KMS: AWS KMS JSON 1.1 over HTTP, or HTTPS with `tls`.
 * @throws InputError for a port in use, for a `directory` that can't be opened (`E_KMS_ROOT_KEY`, `E_KMS_DIRECTORY`),
 * for a trail that can't be written where it is to be (`E_TRAIL`), and for a caller's policy that is none (`E_POLICIES`)
 */
export async function startKmsServer(options: KmsOptions): Promise<KmsServer> {
  const { directory, region, accountId } = options;
  const vault = directory === undefined ? undefined : openKeystore({ directory, region, accountId });
  const service = await serviceOver(vault, options);
  const handler = (request: WireRequest) => service.handle(request);
  try {
    const wire = await startWireServer({
      service: 'kms',
      region,
      jsonVersion: '1.1',
      errorNamespace: '',
      apis: { TrentService: Object.fromEntries(Object.keys(kmsOperations).map((name) => [name, handler])) },
      callers: options.callers,
      auth: options.auth,
      crc32: false,
      tls: options.tls,
      host: options.host,
      port: options.port,
      maxBodyBytes: BODY_BYTES_MAX,
      onRefused: (operation, code) => {
        service.requests.received(operation);
        service.requests.failed(code);
      },
    });
    return {
      url: wire.url,
      port: wire.port,
      wire,
      counters: () => ({ ...wire.counters(), ...service.requests.counters() }),
      trail: () => service.trail.list(),
      trailDropped: () => service.trail.dropped,
      reset: () => {
        wire.reset();
        service.requests.reset();
      },
      fault: (fault) => service.faults.set(fault),
      close: async () => {
        await wire.close();
        await service.close();
      },
    };
  } catch (error) {
    await service.close();
    throw error;
  }
}

async function serviceOver(vault: KeyVault | undefined, options: KmsOptions): Promise<KmsService> {
  try {
    return new KmsService(options, vault);
  } catch (error) {
    await vault?.close();
    throw error;
  }
}
