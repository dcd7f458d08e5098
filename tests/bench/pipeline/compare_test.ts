import { assertEquals } from "@std/assert";
import { compare } from "./compare.ts";

Deno.test("compare() takes turns, and takes the median of the ratios, not the ratio of the medians", async () => {
  const order: string[] = [];
  const ours = [50, 90, 30];
  const baseline = [100, 100, 20];
  const figure = await compare({
    name: "work",
    unit: "lines/s",
    target: 0.9,
    baseline: "plain work",
    runOurs: () => Promise.resolve(order.push("ours") && (ours.shift() ?? 0)),
    runBaseline: () => Promise.resolve(order.push("baseline") && (baseline.shift() ?? 0)),
  }, { rounds: 3, progress: () => {} });
  assertEquals(order, ["ours", "baseline", "baseline", "ours", "ours", "baseline"]);
  assertEquals([figure.ours, figure.baseline?.value, figure.ratio], [50, 100, 0.9]);
});
