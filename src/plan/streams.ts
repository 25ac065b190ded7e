/** One independent sequence of random numbers for each thing that is drawn. */
export const STREAMS = {
  gap: 1,
  slot: 2,
  kind: 3,
  key: 4,
  permutation: 5,
  turns: 6,
  filler: 7,
  insert: 8,
  size: 9,
  scan: 10,
  think: 11,
  life: 12,
  caller: 13,
} as const;
