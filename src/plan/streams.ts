/** One independent sequence of random numbers for each thing that is drawn. */
export const STREAMS = { gap: 1, slot: 2, kind: 3, key: 4, permutation: 5, turns: 6, filler: 7 } as const;
