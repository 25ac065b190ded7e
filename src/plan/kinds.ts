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
/** Users of a closed loop are some hundreds of operations apart from each other. */
const STRATA_KEPT = 64;

/** A hundred operations: inserts before each of them, and in all at the end. */
interface Stratum {
  number: number;
  before: Float64Array;
}

class StratifiedInserts {
  readonly #share: number;
  readonly #uniform: (index: number) => number;
  readonly #kept: (Stratum | undefined)[] = new Array(STRATA_KEPT);

  constructor(share: number, seed: number) {
    this.#share = share;
    this.#uniform = uniformsOf(seed, STREAMS.insert);
  }

  has(index: number): boolean {
    return this.before(index + 1, index) > this.before(index);
  }

  /** @param within an operation of the same hundred, where `index` is the end of it */
  before(index: number, within = index): number {
    const number = Math.floor(within / STRATUM);
    const kept = this.#kept[number % STRATA_KEPT];
    const stratum = kept?.number === number ? kept : this.#draw(number);
    return stratum.before[index - number * STRATUM]!;
  }

  #draw(number: number): Stratum {
    let inserts = this.#until(number);
    const count = this.#until(number + 1) - inserts;
    const places = Array.from({ length: STRATUM }, (_, place) => place);
    let draw = number * STRATUM;
    const order = shuffled(places, { next: () => this.#uniform(draw++) });
    const chosen = new Set(order.slice(0, count));
    const before = new Float64Array(STRATUM + 1);
    for (const place of places) {
      before[place] = inserts;
      if (chosen.has(place)) inserts++;
    }
    before[STRATUM] = inserts;
    const stratum = { number, before };
    this.#kept[number % STRATA_KEPT] = stratum;
    return stratum;
  }

  /** Inserts in the first `strata` hundreds. A hair beside a whole number is that number: 0.07 × 100 is 7. */
  #until(strata: number): number {
    const inserts = strata * STRATUM * this.#share;
    const whole = Math.round(inserts);
    return Math.abs(inserts - whole) <= 1e-9 + 1e-12 * whole ? whole : Math.floor(inserts);
  }
}
