import type { Principal } from '../../wire/types.ts';
import type { SseRequest } from '../keys/sse.ts';

/**
 * What a table knows of its replication group. Which tables are in a group is told by them alone: those of one name
 * that have its id. So a replica leaves in one transaction of its own Region, from which on nobody counts it in.
 */
export interface Replication {
  /** Id of the group. */
  group: string;
  /** The table's own Region: changes made here are stamped with it. */
  region: string;
  /** Its items are still being copied from there; it is CREATING. */
  source?: string;
  /** A replica to be made from this table. */
  joining?: JoiningReplica;
  /** When a replica was made from this table last. */
  sourced_ms?: number;
}

export interface JoiningReplica {
  region: string;
  /** `keyId`, if there is one, is an ARN; without this the replica is not encrypted, as its source is not. */
  sse?: SseRequest;
  /** Who asked for it, and grants the service the use of the key. */
  principal: Principal;
  /** Why it could not be made: it stays until it is deleted. */
  failure?: string;
}
