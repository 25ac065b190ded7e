/** What a relay is told to be. */
export interface RelayOptions {
  /** Where it leads to. */
  host: string;
  port: number;
  /** Added to every round trip; a connection takes one to be made. */
  rtt_ns: number;
}

/** A network in between, in a process of its own. */
export interface Relay {
  /** Connect here instead of to where it leads. */
  host: string;
  port: number;
  stop(): Promise<void>;
}
