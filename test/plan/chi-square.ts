/**
 * Pearson's χ² of observed counts against probabilities, as a standard normal deviate (Wilson and Hilferty, 1931). The
 * cells expected to hold fewer than 10 are pooled, as the approximation asks for.
 */
export function chiSquareZ(observed: readonly number[], probabilities: readonly number[]): number {
  const total = observed.reduce((sum, count) => sum + count, 0);
  let chiSquare = 0;
  let cells = 0;
  let pooled = { observed: 0, expected: 0 };
  const settle = () => {
    chiSquare += (pooled.observed - pooled.expected) ** 2 / pooled.expected;
    cells++;
    pooled = { observed: 0, expected: 0 };
  };
  for (const [cell, probability] of probabilities.entries()) {
    pooled.observed += observed[cell]!;
    pooled.expected += total * probability;
    if (pooled.expected >= 10) settle();
  }
  if (pooled.expected > 0) settle();
  const freedom = cells - 1;
  const spread = 2 / (9 * freedom);
  return (Math.cbrt(chiSquare / freedom) - (1 - spread)) / Math.sqrt(spread);
}
