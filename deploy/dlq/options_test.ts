import { assertEquals, assertThrows } from "@std/assert";
import { dlqOptions } from "./options.ts";

const NOW = Date.parse("2026-01-15T10:00:00Z");

Deno.test("dlqOptions() reads which letters are meant", () => {
  const given = [
    "requeue",
    "5-1",
    "7",
    "--job",
    "a",
    "--reason",
    "jam",
    "--origin",
    "s:1",
    "--since",
    "2h",
    "--stream",
    "logs",
  ];
  const { action, filter, kinds, limit } = dlqOptions(given, NOW);
  assertEquals(filter, {
    ids: ["5-1", "7-0"],
    jobId: "a",
    reason: "jam",
    origin: "s:1",
    since: NOW - 7_200_000,
  });
  assertEquals([action, kinds, limit], ["requeue", ["logs"], Infinity]);
  assertEquals(dlqOptions(["list", "--until", "2026-01-15T09:00:00.5+01:00"], NOW).filter, {
    until: NOW - 7_199_500,
  });
  assertEquals(dlqOptions(["list"], NOW).kinds, ["status", "logs"]);
  assertEquals([dlqOptions(["list"], NOW).limit, dlqOptions(["list", "--limit", "0"], NOW).limit], [
    100,
    Infinity,
  ]);
});

Deno.test("dlqOptions() does not take nothing for everything where something is changed", () => {
  for (const action of ["requeue", "discard"]) {
    assertThrows(() => dlqOptions([action], NOW), RangeError, "or --all");
    assertThrows(() => dlqOptions([action, "--all", "--job", "a"], NOW), RangeError, "not both");
    assertEquals(dlqOptions([action, "--all"], NOW).filter, {});
  }
  assertEquals(dlqOptions(["discard", "--stream", "logs", "--all"], NOW).kinds, ["logs"]);
});

Deno.test("dlqOptions() refuses what it does not know or what makes no sense", () => {
  const wrong = [
    [],
    ["resend", "--all"],
    ["show"],
    ["list", "--yes"],
    ["discard", "--all", "--force"],
    ["list", "--stream", "workflow"],
    ["list", "--since", "yesterday"],
    ["list", "--since", "2026-01-15"],
    ["list", "--limit", "1e3"],
    ["list", "--limit=ten"],
    ["requeue", "1-0; FLUSHALL"],
    ["list", "--after", "x"],
  ];
  for (const args of wrong) assertThrows(() => dlqOptions(args, NOW), RangeError, "Cannot ");
  assertThrows(() => dlqOptions(["list", "--colour"], NOW), TypeError);
});
