import type { ArmTarget } from '../../src/drivers/drivers.ts';
import type { Arm } from '../../src/workload/workload.ts';

/** What one turn of a closed-loop client held. */
export interface ClientTurn {
  requests: number;
  elapsed_ns: number;
  /** Of the client's process. */
  cpu_us: number;
}

/** A client's turn with what it cost the server's process. */
export interface ServedTurn extends ClientTurn {
  server_cpu_us: number;
}

/** An arm that a client process opens its connections for. */
export interface LaneArm {
  arm: Arm;
  target: ArmTarget;
  seed: number;
}

/** Who seals and opens: this project, bare node:crypto, the AWS Encryption SDK. */
export type Sealer = 'own' | 'bare' | 'sdk';

export interface SealTurn {
  operations: number;
  elapsed_ns: number;
}

/** How long players are measured who take turns: each has two a round. */
export interface Rounds {
  rounds: number;
  turn_ms: number;
  /** Of each player, before the first round. */
  warmUp_ms: number;
}

/** How long everything is measured. */
export interface Effort {
  /** The tasks in this process together: recording, key cache. */
  suites: { budget_ms: number; cycles: number };
  sealing: Rounds;
  reading: Rounds;
  writing: Rounds;
  client: Rounds;
}

/** A ratio with its 95 % interval. */
export interface Ratio {
  ratio: number;
  low: number | null;
  high: number | null;
}

/** A line of the table: a figure of ours, beside a peer's where there is one, and what it has to reach. */
export interface Finding {
  what: string;
  ours: string;
  /** The peer's figure and its name; empty where the target is a bound of our own. */
  peer: string;
  /** Ours over the peer's. */
  ratio: Ratio | null;
  /** E.g. `≥ 2.0×`; empty for what is shown beside a figure that has one. */
  target: string;
  met: boolean | null;
}
