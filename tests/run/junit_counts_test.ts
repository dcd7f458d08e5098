import { assertEquals } from "@std/assert";
import { countsText, junitCounts, outputCounts, sumCounts } from "./junit_counts.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="4" failures="1" errors="0" time="0.520">
    <testsuite name="./a_test.ts" tests="4" disabled="1" errors="0" failures="1">
        <testcase name="a" classname="./a_test.ts" time="0.001" line="1" col="6">
        </testcase>
        <testcase name="says &lt;failure&gt;" classname="./a_test.ts" time="0.001" line="1" col="29">
            <failure message="Uncaught Error: x">Error: x &lt;skipped/&gt;</failure>
        </testcase>
        <testcase name="c" classname="./a_test.ts" time="0.000" line="1" col="76">
            <skipped/>
        </testcase>
        <testcase name="d &gt; step" classname="./a_test.ts" time="0.001" line="2" col="40">
        </testcase>
    </testsuite>
</testsuites>`;

Deno.test("junitCounts() tells passed, failed and skipped tests apart", () => {
  assertEquals(junitCounts(REPORT), { passed: 2, failed: 1, skipped: 1 });
  assertEquals(junitCounts(""), { passed: 0, failed: 0, skipped: 0 });
});

Deno.test("countsText() names skipped tests only where there are some", () => {
  const one = { passed: 2, failed: 0, skipped: 0 };
  assertEquals(countsText(one), "2 passed, 0 failed");
  assertEquals(
    countsText(sumCounts([one, { passed: 1, failed: 1, skipped: 3 }])),
    "3 passed, 1 failed, 3 skipped",
  );
});

Deno.test("outputCounts() counts what a run that was cut short has written so far", () => {
  const output = [
    "running 4 tests from ./a_test.ts",
    "a ... ok (3ms)",
    "./b_test.ts => b says ... ok ... FAILED (1m2s)",
    "c ... ignored (0ms)",
    "d ...",
    "'d' has been running for over (1m0s)",
  ].join("\n");
  assertEquals(outputCounts(output), { passed: 1, failed: 1, skipped: 1 });
});
