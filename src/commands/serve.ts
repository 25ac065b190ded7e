import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InputError } from '../std/errors.ts';
import {
  ACCOUNT_ID,
  type AdminServer,
  type Caller,
  createCallers,
  createStoreService,
  createTlsIdentity,
  type KmsServer,
  loadCallers,
  type Notify,
  openNotifier,
  type StoreServer,
  startAdmin,
  startKmsServer,
  startRegionStores,
  startRegions,
  type TlsIdentity,
  withPolicies,
} from '../system/system.ts';
import { openClock } from './directory-clock.ts';
import { makeFolder } from './folder.ts';
import { claimDirectory } from './lock.ts';
import { printData, printNote } from './output.ts';

export interface ServeOptions {
  port: number;
  kmsPort: number;
  /** The admin port is off without it. */
  adminPort?: number;
  /** Everything is in memory without it. */
  data?: string;
  callers: number;
  /** JSON file of what callers may do with keys; everything without it. */
  policies?: string;
  /** A file or an SMTP URL that messages about keys of tables go to. */
  notify?: string;
  /** The KMS's trail is in memory alone without it. */
  trail?: string;
  trailFiles: number;
  tls: boolean;
  region: string;
  /** Further Regions, for replicas of tables. */
  replicaRegions: string[];
}

interface Embedded {
  kms: KmsServer;
  store: StoreServer;
  admin: AdminServer | undefined;
  close(): Promise<void>;
}

/** Serves until `stopped` resolves. @throws InputError for a port in use or an unusable directory */
export async function serve(options: ServeOptions, stopped: Promise<void>): Promise<void> {
  const directory = options.data === undefined ? undefined : openDirectory(options.data);
  const scratch = directory ?? mkdtempSync(join(tmpdir(), 'sealbench-serve-'));
  const release = directory === undefined ? () => {} : claimDirectory(directory);
  try {
    const known =
      directory === undefined
        ? createCallers(options.callers)
        : loadCallers(join(directory, 'credentials'), options.callers);
    const callers = options.policies === undefined ? known : withPolicies(known, options.policies);
    const notify = options.notify === undefined ? undefined : await openNotifier(options.notify, printNote);
    const tls = options.tls ? await createTlsIdentity() : undefined;
    const embedded = await start(options, callers, directory, tls, notify);
    const caFile = tls && join(scratch, 'ca.pem');
    if (caFile) writeFileSync(caFile, tls.ca);
    printData(exportLines(options, embedded, callers, caFile));
    printNote(describe(options, embedded, directory));
    await stopped;
    await embedded.close();
  } finally {
    release();
    if (directory === undefined) rmSync(scratch, { recursive: true, force: true });
  }
}

async function start(
  options: ServeOptions,
  callers: Caller[],
  directory: string | undefined,
  tls: TlsIdentity | undefined,
  notify: Notify | undefined,
): Promise<Embedded> {
  const { clock, moving } = openClock(directory);
  const service = createStoreService();
  const regions = regionsOf(options);
  // The main Region's directories are where they were before there were others.
  const placeOf = (region: string, service: string) =>
    directory && (region === options.region ? join(directory, service) : join(directory, region, service));
  const common = { accountId: ACCOUNT_ID, auth: 'sigv4' as const, tls, clock };
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const kmses = await startRegions(regions, (region, beside) =>
      startKmsServer({
        ...common,
        region,
        callers: [...callers, service],
        directory: placeOf(region, 'kms'),
        controlQuotas: true,
        trail: trailFiles(options, region),
        port: beside ?? options.kmsPort,
      }),
    );
    closers.push(() => kmses.close());
    const stores = await startRegionStores(
      regions,
      (region) => ({
        url: kmses.main.url,
        region,
        credentials: service,
        ca: tls?.ca,
        connections: 'keep-alive',
      }),
      (region) => ({
        ...common,
        region,
        callers,
        storage: directory === undefined ? 'memory' : 'lmdb',
        directory: placeOf(region, 'store'),
        exclusive: true,
        keyCache: { scope: 'connection', ttl_ms: 300_000, expiry: 'absolute' },
        notify,
        port: options.port,
      }),
    );
    closers.push(() => stores.close());
    const admin =
      options.adminPort === undefined
        ? undefined
        : await startAdmin({
            port: options.adminPort,
            clock,
            moving,
            kms: kmses.main,
            store: stores.main,
            work: [...stores.all.values()].map(({ store }) => store.housekeeping),
          });
    if (admin) closers.push(() => admin.close());
    return { kms: kmses.main, store: stores.main, admin, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The trail of a further Region is in a directory within the main one's. */
function trailFiles({ trail, trailFiles: files, region: main }: ServeOptions, region: string) {
  if (trail === undefined) return undefined;
  const directory = resolve(region === main ? trail : join(trail, region));
  return { directory, files, onProblem: printNote };
}

/** The main one first. */
function regionsOf({ region, replicaRegions }: ServeOptions): [string, ...string[]] {
  if (!replicaRegions.includes(region)) return [region, ...replicaRegions];
  throw new InputError('E_REGIONS', {
    what: `${region} is the main Region.`,
    where: '--replica-regions',
    remedy: 'Name other Regions there.',
  });
}

function openDirectory(path: string): string {
  const directory = resolve(path);
  try {
    makeFolder(directory, 0o700);
  } catch (error) {
    throw new InputError('E_DIRECTORY', {
      what: `can't be created (${(error as NodeJS.ErrnoException).code}).`,
      where: `--data ${path}`,
      remedy: 'Give a directory that you may write to.',
    });
  }
  return directory;
}

function exportLines(
  { region }: ServeOptions,
  { kms, store, admin }: Embedded,
  callers: Caller[],
  caFile: string | undefined,
): string {
  const [first] = callers;
  const lines = [
    `export AWS_ENDPOINT_URL_DYNAMODB=${store.url}`,
    `export AWS_ENDPOINT_URL_DYNAMODB_STREAMS=${store.url}`,
    `export AWS_ENDPOINT_URL_KMS=${kms.url}`,
    `export AWS_ACCESS_KEY_ID=${first!.accessKeyId}`,
    `export AWS_SECRET_ACCESS_KEY=${first!.secretAccessKey}`,
    `export AWS_REGION=${region}`,
    // The AWS CLI 1 and boto3 know only this one.
    `export AWS_DEFAULT_REGION=${region}`,
  ];
  // The Node SDKs trust what NODE_EXTRA_CA_CERTS names, the AWS CLI and boto3 what AWS_CA_BUNDLE names.
  if (caFile) lines.push(`export NODE_EXTRA_CA_CERTS=${caFile}`, `export AWS_CA_BUNDLE=${caFile}`);
  if (admin) lines.push(`export SEALBENCH_ADMIN_URL=${admin.url}`);
  return lines.join('\n');
}

function describe(options: ServeOptions, { store, kms }: Embedded, directory: string | undefined): string {
  const where =
    directory === undefined
      ? 'in memory: gone when this ends (--data DIR keeps it)'
      : `in ${directory}; the credentials of all ${options.callers} callers are in ${join(directory, 'credentials')}`;
  const others =
    options.replicaRegions.length === 0 ? '' : `, for ${options.replicaRegions.join(' and ')} too`;
  return `Serving DynamoDB on ${store.url} and KMS on ${kms.url}${others}, ${where}. Ctrl-C stops.`;
}
