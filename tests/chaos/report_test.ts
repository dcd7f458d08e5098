import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { soundRun } from "./check/sound_run.ts";
import { check } from "./check.ts";
import type { Observations } from "./observations.ts";
import { makeReport, type Report, reportText } from "./report.ts";

function report(change: (observations: Observations) => Partial<Observations> = () => ({})): Report {
  const { truth, observations } = soundRun();
  const seen = { ...observations, ...change(observations) };
  return makeReport({
    seed: 42,
    minutes: 3,
    command: "deno task chaos --seed 42",
    truths: [truth, { ...truth, jobId: "never", acceptedAt: null }],
    observations: seen,
    faults: [{ name: "kill" }, { name: "kill" }, { name: "redis-flush" }],
    plants: [],
    results: check([truth], seen, { graceMs: 1_000, overWithinMs: 120_000 }),
  });
}

Deno.test("the report counts what was injected, seen and compared", () => {
  const { injected, jobs, jobsNotAccepted, checked, violations } = report();
  assertEquals(injected, { "kill": 2, "redis-flush": 1 });
  assertEquals([jobs, jobsNotAccepted], [{ "made-up": 1 }, 1]);
  assertEquals(violations, []);
  assertEquals(checked.G15, { checked: 2, violations: 0 });
});

Deno.test("a guarantee that nothing was compared for is shown as not checked, also in the last line", () => {
  const text = reportText(report());
  assertMatch(text, /^G14 .* not checked +-$/m);
  assertStringIncludes(text, "ok: no violation; not checked in this run: G9, G14");
});

Deno.test("a violation is shown with its seed and the command that does the same again", () => {
  const text = reportText(report(() => ({ healedAt: null, pfconCalls: [] })));
  assertMatch(text, /^ {2}G5 {2}job-1z: copy's container was removed although nobody had asked/m);
  assertMatch(text, /^ {2}G5 {2}… and 1 more$/m);
  assertMatch(text, /FAILED: 5 violations, first G5 of job-1z, seed 42\. Again: deno task chaos --seed 42$/);
});
