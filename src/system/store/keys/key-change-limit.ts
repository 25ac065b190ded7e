import { AwsError } from '../../wire/errors.ts';
import type { TableRecord } from '../tables/catalog.ts';

const WINDOW_MS = 86_400_000;
const FREE_CHANGES = 4;
const LATER_CHANGES_APART_S = 21_600;

/**
 * Counts a change of the table's KMS key now: four within 24 hours of the first, then one every six hours.
 *
 * @returns the changes of the window that is open then, this one included
 * @throws AwsError LimitExceededException, in DynamoDB's words
 */
export function countKeyChange({ keyChanges_ms = [] }: TableRecord, now_ms: number): number[] {
  const [first_ms] = keyChanges_ms;
  const last_ms = keyChanges_ms.at(-1);
  if (first_ms === undefined || last_ms === undefined || now_ms >= first_ms + WINDOW_MS) return [now_ms];
  const next_ms = Math.min(last_ms + LATER_CHANGES_APART_S * 1000, first_ms + WINDOW_MS);
  if (keyChanges_ms.length >= FREE_CHANGES && now_ms < next_ms) {
    throw new AwsError(
      'LimitExceededException',
      `Subscriber limit exceeded: Encryption mode changes are limited in the 24h window ending at ${iso(first_ms + WINDOW_MS)}. ` +
        `After the first ${FREE_CHANGES} change, each subsequent change in the same window can be performed at most once every ${LATER_CHANGES_APART_S} seconds. ` +
        `Number of updates today: ${keyChanges_ms.length}. Last change at ${iso(last_ms)}. Next changes can be made at ${iso(next_ms)}.`,
    );
  }
  return [...keyChanges_ms, now_ms];
}

function iso(wall_ms: number): string {
  return new Date(wall_ms).toISOString();
}
