import type { HttpRequest } from './http-request.ts';
import { AwsJsonProtocol } from './protocol.ts';
import { claimedRegion } from './sigv4-verify.ts';
import type { WireRegionOptions } from './types.ts';

/** A Region at a port. */
export interface ServedRegion {
  readonly options: WireRegionOptions;
  readonly protocol: AwsJsonProtocol;
  /** Counted since the start, or since the last reset. */
  requests: number;
}

/** The Regions that share a port: one for most, which is then asked nothing. */
export class ServedRegions {
  readonly main: ServedRegion;
  readonly #maxBodyBytes: number;
  /** Those besides the main one, by name. */
  readonly #others = new Map<string, ServedRegion>();

  constructor(main: WireRegionOptions, maxBodyBytes: number) {
    this.#maxBodyBytes = maxBodyBytes;
    this.main = this.#serve(main);
  }

  /** Whose a request is, by its credential scope; the main Region's, which refuses what is nobody's. */
  of({ headers }: HttpRequest): ServedRegion {
    if (this.#others.size === 0) return this.main;
    return this.#others.get(claimedRegion(headers) ?? '') ?? this.main;
  }

  join(options: WireRegionOptions): ServedRegion {
    const region = this.#serve(options);
    this.#others.set(options.region, region);
    return region;
  }

  leave(name: string): void {
    this.#others.delete(name);
  }

  connectionClosed(connectionId: number): void {
    this.main.options.onConnectionClosed?.(connectionId);
    for (const { options } of this.#others.values()) options.onConnectionClosed?.(connectionId);
  }

  #serve(options: WireRegionOptions): ServedRegion {
    return { options, protocol: new AwsJsonProtocol(options, this.#maxBodyBytes), requests: 0 };
  }
}
