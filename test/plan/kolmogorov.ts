/** The greatest distance between the distribution of a sample and a distribution function (Kolmogorov and Smirnov). */
export function kolmogorovDistance(sample: readonly number[], cdf: (value: number) => number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  return sorted.reduce((largest, value, i) => {
    const expected = cdf(value);
    return Math.max(largest, expected - i / sorted.length, (i + 1) / sorted.length - expected);
  }, 0);
}
