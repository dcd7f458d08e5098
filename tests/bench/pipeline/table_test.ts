import { assertEquals } from "@std/assert";
import { table } from "./table.ts";

Deno.test("table() gives each figure a line, with its baseline, ratio and target where there are any", () => {
  const baseline = { name: "drain", value: 84_321.9 };
  assertEquals(
    table([
      { name: "lines", unit: "lines/s", ours: 80_123, baseline, ratio: 0.95, target: 0.9, how: "measured" },
      { name: "calls", unit: "calls", ours: 1.666, how: "computed" },
    ]),
    [
      "what   ours            baseline        ratio  target     how",
      "lines  80,100 lines/s  84,300 (drain)  0.95   ≥ 0.9 met  measured",
      "calls  1.67 calls                                        computed",
    ].join("\n"),
  );
});
