import { shown } from "./violation.ts";

/** How a sequence differs from what it should be. */
export interface Difference {
  /** `lost` and `extra`: lines too few or too many; `changed`: as many, but other text; `order`: the same, elsewhere. */
  readonly kind: "lost" | "extra" | "changed" | "order";
  /** A sentence with the first line concerned. */
  readonly what: string;
}

/** Compares lines as they were seen with those that were written; empty if they are the same. Pure. */
export function compareLines(expected: readonly string[], seen: readonly string[]): Difference[] {
  const firstAt = expected.findIndex((line, index) => seen[index] !== line);
  if (firstAt < 0 && seen.length === expected.length) return [];
  const lost = without(expected, seen);
  const extra = without(seen, expected);
  const counts = `${seen.length} lines instead of ${expected.length}`;
  const [firstLost] = lost;
  const [firstExtra] = extra;
  if (firstLost === undefined && firstExtra === undefined) {
    return [{ kind: "order", what: `line ${firstAt + 1} is ${shown(seen[firstAt] ?? "")}, out of order` }];
  }
  if (seen.length === expected.length && firstLost !== undefined && firstExtra !== undefined) {
    const { length } = expected.filter((line, index) => line !== seen[index]);
    if (length === lost.length) {
      return [{
        kind: "changed",
        what: `line ${firstAt + 1} is ${shown(firstExtra)} instead of ${shown(firstLost)}`,
      }];
    }
  }
  const differences: Difference[] = [];
  if (firstLost !== undefined) {
    differences.push({
      kind: "lost",
      what: `${lost.length} lines are missing (${counts}), first ${shown(firstLost)}`,
    });
  }
  if (firstExtra !== undefined) {
    differences.push({
      kind: "extra",
      what: `${extra.length} lines are too many (${counts}), first ${shown(firstExtra)}`,
    });
  }
  return differences;
}

/** Those of `lines` that remain when each of `others` has taken an equal one away. */
function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    return count === 0;
  });
}
