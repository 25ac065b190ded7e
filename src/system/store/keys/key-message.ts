/** What the owner of a table reads about its KMS key. DynamoDB's own texts are not documented; that it sends one is. */
import type { KeyNotice } from '../tables/catalog.ts';
import type { KeyMessage } from '../types.ts';

const DAYS = 7;
const REPLICA_HOURS = 20;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

interface Facts extends KeyNotice {
  table: string;
  region: string;
  accountId: string;
}

export function keyMessage(facts: Facts): KeyMessage {
  const { event, table, keyArn, at_ms } = facts;
  const { subject, body } = TEXTS[event](facts);
  return { time: iso(at_ms), event, table, keyArn, subject, body: body.join('\n') };
}

const TEXTS: Record<KeyNotice['event'], (facts: Facts) => { subject: string; body: string[] }> = {
  'key-inaccessible': (facts) => {
    const deadline = iso(facts.inaccessible_ms + DAYS * DAY_MS);
    return {
      subject: `DynamoDB table ${facts.table} in ${facts.region}: its KMS key is inaccessible, act before ${deadline}`,
      body: [
        'DynamoDB has no access to the KMS key that one of your tables is encrypted under, so the table can be neither read nor written.',
        '',
        ...overview(facts),
        `Inaccessible since: ${iso(facts.inaccessible_ms)}`,
        'Table status:       INACCESSIBLE_ENCRYPTION_CREDENTIALS',
        `Deadline:           ${deadline} (${DAYS} days)`,
        '',
        ...leaving(facts),
        'What to do: give DynamoDB access to this key before the deadline.',
        '- If the key is disabled, enable it.',
        '- If the key is scheduled for deletion, cancel the deletion, then enable it: a cancelled deletion leaves it disabled.',
        "- If DynamoDB's grant on the key was revoked or retired, or the key policy denies it, allow DynamoDB again.",
        'The table comes back by itself some minutes after that.',
        '',
        `If the key stays inaccessible, DynamoDB archives the table after ${DAYS} days: it can no longer be accessed, and is kept as an on-demand backup that you are billed for.`,
      ],
    };
  },
  'key-accessible': (facts) => ({
    subject: `DynamoDB table ${facts.table} in ${facts.region}: its KMS key is accessible again`,
    body: [
      'DynamoDB has access again to the KMS key that one of your tables is encrypted under. The table can be read and written.',
      '',
      ...overview(facts),
      `Inaccessible since: ${iso(facts.inaccessible_ms)}`,
      `Accessible since:   ${iso(facts.at_ms)}`,
      '',
      'There is nothing left to do.',
    ],
  }),
  'replica-removed': (facts) => ({
    subject: `DynamoDB table ${facts.table} in ${facts.region}: removed from its global table, its KMS key was inaccessible for ${REPLICA_HOURS} hours`,
    body: [
      `DynamoDB had no access for ${REPLICA_HOURS} hours to the KMS key that a replica of one of your global tables is encrypted under, and has removed the replica from the replication group. The replica is not deleted. Replication from and to this Region has stopped.`,
      '',
      ...overview(facts),
      `Inaccessible since: ${iso(facts.inaccessible_ms)}`,
      `Removed at:         ${iso(facts.at_ms)}`,
      '',
      'What to do: to have a replica in this Region again, delete this table and add a replica to the global table.',
      'What was written here and had not left yet is in this table alone: give DynamoDB access to the key again to read it.',
    ],
  }),
  'table-archived': (facts) => ({
    subject: `DynamoDB table ${facts.table} in ${facts.region}: archived, its KMS key was inaccessible for ${DAYS} days`,
    body: [
      `DynamoDB had no access for ${DAYS} days to the KMS key that one of your tables is encrypted under, and has archived the table. It can no longer be accessed; its data is in an on-demand backup that you are billed for.`,
      '',
      ...overview(facts),
      `Inaccessible since: ${iso(facts.inaccessible_ms)}`,
      `Archived at:        ${iso(facts.at_ms)}`,
      `Backup:             ${facts.backupArn}`,
      '',
      'What to do: to have the data back, enable the key, make sure that DynamoDB may use it, and restore the backup to a new table.',
      'If you need neither, delete the table and the backup.',
    ],
  }),
};

/** A replica has less time than a table by itself. */
function leaving({ isReplica = false, inaccessible_ms }: Facts): string[] {
  if (!isReplica) return [];
  const removed = iso(inaccessible_ms + REPLICA_HOURS * HOUR_MS);
  return [
    `The table is a replica of a global table. At ${removed}, after ${REPLICA_HOURS} hours, it is removed from the replication group: it is not deleted, but replication from and to this Region stops.`,
    '',
  ];
}

function overview({ table, accountId, region, keyArn }: Facts): string[] {
  return [
    `Table:              ${table}`,
    `Account:            ${accountId}`,
    `Region:             ${region}`,
    `KMS key:            ${keyArn}`,
  ];
}

function iso(wall_ms: number): string {
  return new Date(wall_ms).toISOString();
}
