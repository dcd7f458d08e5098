/**
 * The figures for people.
 *
 * @module
 */
import type { Figure } from "./measurement.ts";

const HEAD = ["what", "ours", "baseline", "ratio", "target", "how"];

/** One line per figure, in columns. Pure. */
export function table(figures: readonly Figure[]): string {
  const rows = [HEAD, ...figures.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd())
    .join("\n");
}

function cells({ name, unit, ours, baseline, ratio, target, how }: Figure): string[] {
  return [
    name,
    `${rounded(ours)} ${unit}`,
    baseline ? `${rounded(baseline.value)} (${baseline.name})` : "",
    ratio === undefined ? "" : ratio.toFixed(2),
    target === undefined || ratio === undefined ? "" : `≥ ${target} ${ratio >= target ? "met" : "missed"}`,
    how,
  ];
}

/** Three digits are all that such numbers are worth. */
function rounded(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 3 });
}
