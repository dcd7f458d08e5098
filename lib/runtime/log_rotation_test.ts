import { assert, assertEquals } from "@std/assert";
import { logRotation } from "./log_rotation.ts";

Deno.test("logRotation() knows which logs grow without end", () => {
  for (
    const [driver, config] of [
      ["json-file", {}],
      ["json-file", { "max-size": "-1", "max-file": "3" }],
      ["journald", { "max-size": "1m" }],
      ["none", {}],
      ["", {}],
    ] as const
  ) assertEquals(logRotation(driver, config), null);
});

Deno.test("logRotation() tells whether old files are compressed, and whether there are any", () => {
  const size = { "max-size": "10m" };
  const told = (driver: string, config: Record<string, string>) => {
    const rotation = logRotation(driver, config);
    return rotation && [rotation.compressed, rotation.oneFile];
  };
  assertEquals(told("json-file", size), [false, true]);
  assertEquals(told("json-file", { ...size, "max-file": "1" }), [false, true]);
  assertEquals(told("json-file", { ...size, "max-file": "3" }), [false, false]);
  assertEquals(told("json-file", { ...size, "max-file": "3", compress: "true" }), [true, false]);
  assertEquals(told("local", {}), [true, false]);
  assertEquals(told("local", { compress: "false", "max-file": "1" }), [false, true]);
});

Deno.test("logRotation() knows how much is surely kept, and never takes a log for smaller than it is", () => {
  const kept = (config: Record<string, string>) => logRotation("json-file", config)?.surelyKept;
  assertEquals(kept({ "max-size": "100k", "max-file": "5" }), 400_000);
  assertEquals(kept({ "max-size": "1.5MB", "max-file": "3" }), 3_000_000);
  assertEquals(kept({ "max-size": "2g", "max-file": "2" }), 2_000_000_000);
  assertEquals(kept({ "max-size": "77", "max-file": "2" }), 77);
  assertEquals([kept({ "max-size": "10m" }), kept({ "max-size": "?", "max-file": "2" })], [0, 0]);
  assertEquals(logRotation("local", {})?.surelyKept, 80_000_000);
  const sizeOf = logRotation("json-file", { "max-size": "1m" })?.sizeOf ?? (() => 0);
  const text = `"quoted" <b>&\t\u001b[31m\\ä\u2028`;
  const record = { log: `${text}\n`, stream: "stdout", time: "2026-01-15T12:00:00.123456789Z" };
  const written = JSON.stringify(record).replace(/[<>&\u2028]/g, () => "\\u0000");
  assert(sizeOf(new TextEncoder().encode(text)) >= new TextEncoder().encode(`${written}\n`).length);
});
