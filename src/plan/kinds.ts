import { shuffled, uniformsOf } from '../std/random.ts';
import { type Arm, OPERATION_KINDS, type OperationKind } from '../workload/types.ts';
import { STREAMS } from './streams.ts';

/** Which kind each operation is, and which key each insert adds. */
export interface KindChooser {
  kindOf(index: number): OperationKind;
  /** Inserts among the operations before `index`: in closed form, so that every lane knows every key. */
  insertsBefore(index: number): number;
}

/**
 * Kinds are drawn independently, but for inserts: every hundred operations have as many as their share says, to within
 * one, at places shuffled anew. That makes their number before any operation known without drawing all of those.
 */
export function createKindChooser(shares: Arm['operations'], seed: number): KindChooser {
  const others = createOtherKinds(shares, seed);
  const inserts = new StratifiedInserts(shares.insert, seed);
  if (shares.insert === 0) return { kindOf: others, insertsBefore: () => 0 };
  return {
    kindOf: (index) => (inserts.has(index) ? 'insert' : others(index)),
    insertsBefore: (index) => inserts.before(index),
  };
}

function createOtherKinds(shares: Arm['operations'], seed: number): (index: number) => OperationKind {
  const uniform = uniformsOf(seed, STREAMS.kind);
  let sum = 0;
  const bounds = OPERATION_KINDS.filter((kind) => kind !== 'insert' && shares[kind] > 0).map((kind) => {
    sum += shares[kind];
    return { kind, below: sum };
  });
  const last = bounds.at(-1)?.kind ?? 'insert';
  return (index) => {
    const u = uniform(index) * sum;
    for (const { kind, below } of bounds) if (u < below) return kind;
    return last;
  };
}

const STRATUM = 100;

class StratifiedInserts {
  readonly #share: number;
  readonly #uniform: (index: number) => number;
  /** Of the stratum looked at last: inserts before each of its operations, and in all at the end. */
  readonly #before = new Int32Array(STRATUM + 1);
  #stratum = -1;
  #base = 0;

  constructor(share: number, seed: number) {
    this.#share = share;
    this.#uniform = uniformsOf(seed, STREAMS.insert);
  }

  has(index: number): boolean {
    const place = this.#placeOf(index);
    return this.#before[place + 1]! > this.#before[place]!;
  }

  before(index: number): number {
    const place = this.#placeOf(index);
    return this.#base + this.#before[place]!;
  }

  #placeOf(index: number): number {
    const stratum = Math.floor(index / STRATUM);
    if (stratum !== this.#stratum) this.#draw(stratum);
    return index - stratum * STRATUM;
  }

  #draw(stratum: number): void {
    const before = this.#until(stratum);
    const count = this.#until(stratum + 1) - before;
    const places = Array.from({ length: STRATUM }, (_, place) => place);
    let draw = stratum * STRATUM;
    const order = shuffled(places, { next: () => this.#uniform(draw++) });
    const chosen = new Set(order.slice(0, count));
    let within = 0;
    for (const place of places) {
      this.#before[place] = within;
      if (chosen.has(place)) within++;
    }
    this.#before[STRATUM] = within;
    this.#base = before;
    this.#stratum = stratum;
  }

  /** Inserts in the first `strata` hundreds. A hair beside a whole number is that number: 0.07 × 100 is 7. */
  #until(strata: number): number {
    const inserts = strata * STRATUM * this.#share;
    const whole = Math.round(inserts);
    return Math.abs(inserts - whole) <= 1e-9 + 1e-12 * whole ? whole : Math.floor(inserts);
  }
}
