import type { Arm } from './types.ts';

/** What may be asked of a driver: of its connections, of its signatures, of when operations fall due. */
export type Ability =
  | 'tls'
  | 'resumed'
  | 'fresh'
  /** `connections.operations`. */
  | 'lifetimes'
  | 'signed'
  | 'unsigned'
  | 'open loop'
  | 'think time';

export interface DriverTraits {
  /** What it works on: a store's server, the directory of a store that it opens itself, or nothing at all. */
  needs: 'server' | 'directory' | 'nothing';
  /** What is measured runs in the lane, at least in part: a busy lane is no failing of the load generator. */
  inLane: boolean;
  /** It may call the KMS besides the store: the KMS's log can hold more than the store's calls. */
  callsKms: boolean;
  /** What it can't do, and why: the end of a sentence that begins with `driver 'x' `. */
  cannot: Partial<Record<Ability, string>>;
}

const NO_CONNECTION = 'has no connection to encrypt.';
const NO_SESSION = 'has no TLS session to resume.';
const NO_REQUEST = 'sends no request to sign.';
const SERVER = { needs: 'server', inLane: false, callsKms: false } as const;

/** What tells the drivers apart before they run: the checks of a workload and the preparation of an arm go by it. */
export const DRIVER_TRAITS: Readonly<Record<Arm['driver'], DriverTraits>> = {
  http: { ...SERVER, cannot: {} },
  envelope: {
    needs: 'directory',
    inLane: true,
    callsKms: false,
    cannot: { tls: NO_CONNECTION, resumed: NO_SESSION, signed: NO_REQUEST },
  },
  sdk: {
    ...SERVER,
    cannot: {
      resumed: 'keeps connections or makes them anew; sessions of its agent come and go as that likes.',
      lifetimes: 'leaves it to its pool how many operations a connection carries.',
      unsigned: 'signs every request, as the AWS SDK does.',
    },
  },
  autocannon: {
    ...SERVER,
    cannot: {
      tls: 'accepts any certificate (autocannon 9 sets rejectUnauthorized to false), so that nobody knows who answers.',
      resumed: NO_SESSION,
      fresh: 'loses the answers of connections that it makes anew (reconnectRate of autocannon 9).',
      lifetimes: 'loses the answers of connections that it makes anew (reconnectRate of autocannon 9).',
      'open loop':
        'sends in bursts when it is given a rate (autocannon 9 counts requests by the second) and times them from then on.',
      'think time': 'sends the next request as soon as it has an answer.',
    },
  },
  noop: {
    needs: 'nothing',
    inLane: false,
    callsKms: false,
    cannot: { tls: NO_CONNECTION, resumed: NO_SESSION, signed: NO_REQUEST },
  },
  module: { needs: 'server', inLane: true, callsKms: true, cannot: {} },
};

export function traitsOf({ driver }: Pick<Arm, 'driver'>): DriverTraits {
  return DRIVER_TRAITS[driver];
}
