import { assertEquals, assertThrows } from "@std/assert";
import { ALL_FAULTS } from "./faults/all_faults.ts";
import { PLANTS } from "./plant.ts";
import { chaosCommand, chaosHelp, chaosOptions, faultList, UsageError } from "./options.ts";

Deno.test("chaosOptions() takes a fresh seed, three minutes and all faults unless told otherwise", () => {
  const options = chaosOptions([], 77);
  assertEquals([options.seed, options.minutes, options.faults.length, options.plants.length], [
    77,
    3,
    ALL_FAULTS.length,
    0,
  ]);
});

Deno.test("chaosOptions() reads every option", () => {
  const args = "--seed 5 --minutes 0.5 --faults pause,kill --jobs-per-minute 7 --plant G4 --json out --quiet";
  const { faults, plants, ...options } = chaosOptions(args.split(" "), 1);
  assertEquals(faults.map(({ name }) => name), ["kill", "pause"]);
  assertEquals([plants.length > 0, plants.every(({ guarantee }) => guarantee === "G4")], [true, true]);
  assertEquals(options, {
    seed: 5,
    minutes: 0.5,
    jobsPerMinute: 7,
    json: "out",
    keepLogs: false,
    quiet: true,
    help: false,
    listFaults: false,
  });
});

Deno.test("chaosOptions() refuses what it does not know, and names what there is", () => {
  assertThrows(() => chaosOptions(["--faults", "kill,nap"], 1), UsageError, 'Cannot inject "nap"');
  assertThrows(() => chaosOptions(["--minutes", "soon"], 1), UsageError, "--minutes soon");
  assertThrows(() => chaosOptions(["--seed", "1.5"], 1), UsageError, "whole number");
  assertThrows(() => chaosOptions(["--plant", "G99"], 1), UsageError, 'Cannot plant "G99"');
  assertThrows(() => chaosOptions(["--seed", "-1"], 1), UsageError);
  assertThrows(() => chaosOptions(["now"], 1), UsageError);
  assertThrows(() => chaosOptions(["--speed", "9"], 1), UsageError);
});

Deno.test("chaosHelp() and faultList() name every fault", () => {
  for (const { name, about } of ALL_FAULTS) {
    assertEquals(chaosHelp().includes(name), true);
    assertEquals(faultList().includes(about), true);
  }
});

Deno.test("chaosCommand() gives a command line that says the same", () => {
  for (
    const line of [
      "--seed 9 --minutes 1",
      `--seed 9 --faults kill,poison --plant ${PLANTS[0]?.name}`,
      "--seed 9 --faults none",
    ]
  ) {
    const options = chaosOptions(line.split(" "), 1);
    const again = chaosCommand(options).replace("deno task chaos ", "").split(" ");
    assertEquals(chaosOptions(again, 2), options);
  }
});
