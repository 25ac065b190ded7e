/** The part that is used here of packages without types of their own. */
declare module 'dynalite' {
  import type { Server } from 'node:http';
  export default function dynalite(options: { createTableMs: number; deleteTableMs: number }): Server;
}

declare module 'autocannon' {
  interface Options {
    url: string;
    connections: number;
    /** Seconds. */
    duration: number;
    /** Milliseconds between two looks at whether the duration is over. */
    sampleInt: number;
    method: string;
    headers: Record<string, string>;
    body: string;
  }
  interface Outcome {
    '2xx': number;
    non2xx: number;
    errors: number;
    timeouts: number;
  }
  export default function autocannon(options: Options): Promise<Outcome>;
}
