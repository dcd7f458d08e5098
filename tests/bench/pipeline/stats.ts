/**
 * What is left of several rounds' numbers.
 *
 * @module
 */

/** The middle one; of an even number of them the mean of the two in the middle. @throws {RangeError} if there is none. */
export function median(values: readonly number[]): number {
  const [low, high] = [(values.length - 1) / 2, values.length / 2].map((at) =>
    values.toSorted((a, b) => a - b)[Math.floor(at)]
  );
  if (low === undefined || high === undefined) throw new RangeError("Cannot take the median of no values");
  return (low + high) / 2;
}

/** The smallest value that `share` (0 to 1) of all do not exceed. @throws {RangeError} if there is none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (value === undefined) throw new RangeError("Cannot take a percentile of no values");
  return value;
}
