import type { PrimaryKey } from '../expressions/expressions.ts';

/** A secondary index as kept in its table's record. */
export interface IndexRecord {
  name: string;
  /** Short form of the name; never used again within the table. */
  number: number;
  kind: 'local' | 'global';
  key: PrimaryKey;
  projection: Projection;
  /** Of a global index, where the table's billing is provisioned. */
  units?: { read: number; write: number };
  /** CREATING: the items that were there before it are still being put in. Writes keep it in step all the same. */
  state: 'ACTIVE' | 'CREATING' | 'DELETING';
}

/** What an entry has besides the keys of the table and of the index. */
export type Projection =
  | { type: 'ALL' }
  | { type: 'KEYS_ONLY' }
  /** Sorted by name. */
  | { type: 'INCLUDE'; attributes: readonly string[] };
