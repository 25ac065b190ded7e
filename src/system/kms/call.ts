import type { Principal } from '../wire/types.ts';
import type { KeyRecord } from './keys.ts';

/** One request on its way through the operations. */
export interface KmsCall {
  readonly operation: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** Who proved its identity: decides what it may do with AWS's own keys. */
  readonly signer: Principal;
  /** Who it acts for: what the trail shows. */
  readonly principal: Principal;
  /** The keys it turned out to be about, in the order they were found. */
  readonly keys: KeyRecord[];
  /** Whether the account's quota was charged for it. */
  charged: boolean;
}
