/** A uniform number in [0, 1) for every draw; seeded sources repeat exactly. */
export interface Random {
  next(): number;
}

/**
 * A 32-bit hash of a word with a full avalanche ("triple32", Chris Wellons' hash-prospector, bias 0.02).
 */
function mix(word: number): number {
  let x = word | 0;
  x ^= x >>> 17;
  x = Math.imul(x, 0xed5ad4bb);
  x ^= x >>> 11;
  x = Math.imul(x, 0xac4c1b51);
  x ^= x >>> 15;
  x = Math.imul(x, 0x31848bab);
  x ^= x >>> 14;
  return x >>> 0;
}

/**
 * Counter-based uniform in [0, 1), 53 bits: a pure function of (seed, stream, index, attempt), so that any thread
 * can draw the numbers of any operation without drawing those before it.
 */
export function uniformAt(seed: number, stream: number, index: number, attempt = 0): number {
  return draw(keyOf(seed, stream, attempt), index);
}

/** `uniformAt` for many indices of one stream, at less than half the cost a draw. */
export function uniformsOf(seed: number, stream: number, attempt = 0): (index: number) => number {
  const key = keyOf(seed, stream, attempt);
  return (index) => draw(key, index);
}

function draw(key: number, index: number): number {
  const low = index >>> 0;
  const high = Math.floor(index / 2 ** 32) >>> 0;
  const a = mix(mix(low ^ key) ^ mix(high + 0x9e3779b9));
  const b = mix(a ^ key ^ 0x85ebca6b ^ low);
  return (a * 2 ** 21 + (b >>> 11)) / 2 ** 53;
}

function keyOf(seed: number, stream: number, attempt: number): number {
  const high = Math.floor(seed / 2 ** 32) >>> 0;
  return mix(
    mix(mix(mix(seed >>> 0) ^ high) + Math.imul(stream, 0x9e3779b1)) ^ Math.imul(attempt, 0x7feb352d),
  );
}

/** A sequential source: draw n is `uniformAt(seed, stream, n)`. */
export function createRandom(seed: number, stream = 0): Random {
  let index = 0;
  return { next: () => uniformAt(seed, stream, index++) };
}

/** Shuffles a copy (Fisher–Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const copy = [...items];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [copy[i], copy[j]] = [copy[j]!, copy[i]!];
  }
  return copy;
}

/** A standard normal deviate (Box–Muller, one of the pair). */
export function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.next()));
  return radius * Math.cos(2 * Math.PI * random.next());
}

/** The runtime's own source: for what must differ from run to run, such as back-off times. No secrets. */
export const systemRandom: Random = { next: () => Math.random() };
