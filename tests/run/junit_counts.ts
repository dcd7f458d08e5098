/** How the tests of one report ended. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts the test cases of a JUnit report as `deno test` writes it; a step counts as a test. Pure. */
export function junitCounts(xml: string): Counts {
  const cases = xml.split("<testcase ").slice(1).map((text) => text.split("</testcase>")[0] ?? "");
  const failed = cases.filter((text) => /<(failure|error)[ >/]/.test(text)).length;
  const skipped = cases.filter((text) => /<skipped[ >/]/.test(text)).length;
  return { passed: cases.length - failed - skipped, failed, skipped };
}

/**
 * Counts the tests in what `deno test` wrote for people, for a run that ended before it could report. Pure.
 */
export function outputCounts(output: string): Counts {
  const count = (ending: RegExp) => output.split("\n").filter((line) => ending.test(line)).length;
  return {
    passed: count(/ \.\.\. ok \([^)]*\)$/),
    failed: count(/ \.\.\. FAILED \([^)]*\)$/),
    skipped: count(/ \.\.\. ignored \([^)]*\)$/),
  };
}

/** The sum of several counts. */
export function sumCounts(all: readonly Counts[]): Counts {
  return all.reduce((sum, counts) => ({
    passed: sum.passed + counts.passed,
    failed: sum.failed + counts.failed,
    skipped: sum.skipped + counts.skipped,
  }), { passed: 0, failed: 0, skipped: 0 });
}

/** `3 passed, 0 failed`, and how many were skipped if any were. */
export function countsText({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
