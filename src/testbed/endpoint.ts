import type { ArmTarget } from '../drivers/drivers.ts';
import { InputError } from '../std/errors.ts';
import { type Arm, tableNames } from '../workload/workload.ts';
import type { Access } from './client.ts';
import { createKey, createTables, deleteKey, deleteTables, fillTables } from './tables.ts';
import type { ArmTestbed, Testbed } from './types.ts';

/**
 * Makes and fills a table for each arm on an endpoint that is there already, with the credentials of the environment;
 * tables and keys are deleted on close. Such an endpoint supplies no counters.
 */
export async function openEndpoint(arms: readonly Arm[]): Promise<Testbed> {
  const credentials = environmentCredentials();
  const undo: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    await Promise.allSettled(undo.map((step) => step()));
  };
  try {
    const beds: ArmTestbed[] = [];
    for (const arm of arms) {
      const region = process.env.AWS_REGION ?? process.env.AWS_DEFAULT_REGION ?? arm.system.kms.region;
      const access = { url: arm.target, region, credentials };
      const keyArn = await keyFor(arm, access, undo);
      await createTables(access, arm, keyArn);
      undo.push(() => deleteTables(access, arm));
      await fillTables(access, arm);
      beds.push(withoutCounters(arm, access, keyArn));
    }
    return { arms: beds, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function keyFor(arm: Arm, access: Access, undo: (() => Promise<void>)[]): Promise<string | undefined> {
  if (arm.table.encryption !== 'customer-managed') return undefined;
  if (arm.kmsTarget === undefined) {
    throw new InputError('E_KMS_TARGET', {
      what: `arm '${arm.name}' wants a customer managed key, and no KMS is named to make one in.`,
      where: arm.target,
      remedy: 'Give --kms URL, or --set table.encryption=aws-owned.',
    });
  }
  const kmsAccess = { ...access, url: arm.kmsTarget };
  const keyArn = await createKey(kmsAccess, arm.name);
  undo.push(() => deleteKey(kmsAccess, keyArn));
  return keyArn;
}

function withoutCounters(
  arm: Arm,
  { url, region, credentials }: Access,
  keyArn: string | undefined,
): ArmTestbed {
  const target: ArmTarget = {
    url,
    region,
    tables: tableNames(arm.table),
    callers: Array.from({ length: arm.callers }, () => ({ ...credentials, principalArn: '' })),
    keyArn,
  };
  return {
    target,
    resume: async () => {},
    pause: async () => {},
    sample: async () => ({ store: null, kms: null }),
    kmsTimes: async () => null,
  };
}

function environmentCredentials(): Access['credentials'] {
  const accessKeyId = process.env.AWS_ACCESS_KEY_ID;
  const secretAccessKey = process.env.AWS_SECRET_ACCESS_KEY;
  if (!accessKeyId || !secretAccessKey) {
    throw new InputError('E_CREDENTIALS', {
      what: 'no credentials for the target.',
      where: 'AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY',
      remedy: 'Set them in the environment; for an emulator that verifies none, any values do.',
    });
  }
  return { accessKeyId, secretAccessKey, sessionToken: process.env.AWS_SESSION_TOKEN || undefined };
}
