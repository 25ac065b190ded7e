import type { RecordReader, Transaction } from '../engine/engine.ts';
import { placeKey } from '../layout.ts';

/** How far a table has the changes of its replica in another Region: written with what it says. */
export interface Place {
  /** Id of that replica: another of its name in that Region begins anew. */
  tableId: string;
  /** In its stream; its beginning without one. */
  position?: string;
  /** All items are being copied: those up to this locator (hex) are. The changes since the position come after it. */
  copy?: { after?: string };
}

export function readPlace(
  reader: RecordReader,
  tableNumber: number,
  region: string,
  tableId: string,
): Place | undefined {
  const record = reader.get(placeKey(tableNumber, region));
  const place = record && (JSON.parse(record.toString()) as Place);
  return place?.tableId === tableId ? place : undefined;
}

export function writePlace(
  transaction: Transaction,
  tableNumber: number,
  region: string,
  place: Place,
): void {
  transaction.put(placeKey(tableNumber, region), Buffer.from(JSON.stringify(place)));
}

/** Nobody has moved on meanwhile. */
export function samePlace(a: Place | undefined, b: Place | undefined): boolean {
  const isSameCopy = (a?.copy === undefined) === (b?.copy === undefined) && a?.copy?.after === b?.copy?.after;
  return a?.tableId === b?.tableId && a?.position === b?.position && isSameCopy;
}
