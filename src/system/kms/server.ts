import { startWireServer, type WireRequest } from '../wire/wire.ts';
import { openKeystore } from './keystore.ts';
import { kmsOperations } from './operations.ts';
import { KmsService } from './service.ts';
import type { KmsOptions, KmsServer } from './types.ts';

/** Above any documented request: a ciphertext of 6144 bytes with room for its encryption context. */
const BODY_BYTES_MAX = 128 * 1024;

/**
 * Starts the embedded KMS: AWS KMS JSON 1.1 over HTTP, or HTTPS with `tls`.
 * @throws InputError for a port in use, and for a `directory` that can't be opened (`E_KMS_ROOT_KEY`,
 * `E_KMS_DIRECTORY`)
 */
export async function startKmsServer(options: KmsOptions): Promise<KmsServer> {
  const { directory, region, accountId } = options;
  const vault = directory === undefined ? undefined : openKeystore({ directory, region, accountId });
  const service = new KmsService(options, vault);
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
      counters: () => ({ ...wire.counters(), ...service.requests.counters() }),
      trail: () => service.trail.list(),
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
