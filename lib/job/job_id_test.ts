import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { containerName, identify } from "./identity.ts";
import { JobId, jobIdFault, KubernetesJobId, kubernetesJobIdFault } from "./job_id.ts";
import { JOB_TYPES } from "../event/status.ts";

const LABEL = "org.chrisproject.job_type";

Deno.test("jobIdFault() finds nothing wrong with the ids ChRIS uses", () => {
  for (
    const id of ["chris-jid-42", "my-job-1", "JOB_WITH.dots-and_underscores", "x", "e2e-8f1c", "z".repeat(63)]
  ) {
    assertEquals(jobIdFault(id), null, id);
  }
});

Deno.test("jobIdFault() refuses what no container can be called", () => {
  for (const id of ["", "-a", ".a", "_a", "a b", "a/b", "日本語-7", "z".repeat(64), "a\n", "zé", "z\0"]) {
    assertStringIncludes(jobIdFault(id) ?? "", "expected 1 to 63", JSON.stringify(id));
  }
});

Deno.test("jobIdFault() refuses ids that could be the beginning of a container id", () => {
  for (const id of ["d1", "a", "0", "cafe", "DEADBEEF", "0123456789abcdef"]) {
    assertStringIncludes(jobIdFault(id) ?? "", "hex digits only", id);
  }
  assertEquals(jobIdFault("d1-"), null);
});

Deno.test("jobIdFault() refuses ids that end like the container of a step, but not their neighbours", () => {
  for (const suffix of ["-copy", "-upload", "-delete"]) {
    assertStringIncludes(jobIdFault(`job${suffix}`) ?? "", `ends in "${suffix}"`);
    assertEquals(jobIdFault(`job${suffix}s`), null);
  }
  assertEquals(jobIdFault("job-plugin"), null);
  assertEquals(jobIdFault("xcopy"), null);
});

Deno.test("jobIdFault() shows hostile ids escaped and cut", () => {
  const fault = jobIdFault("\x1b[31m" + "x".repeat(100_000)) ?? "";
  assert(fault.length < 400, `${fault.length} characters`);
  assertStringIncludes(fault, "\\u001b");
  assert(!fault.includes("\x1b"));
});

Deno.test("kubernetesJobIdFault() allows labels of at most 56 characters, and refuses what every runtime refuses", () => {
  assertEquals(kubernetesJobIdFault("chris-jid-42"), null);
  assertEquals(kubernetesJobIdFault("z".repeat(56)), null);
  for (const id of ["z".repeat(57), "Job-1", "a_b", "a.b", "job-", "-job", ""]) {
    assertStringIncludes(kubernetesJobIdFault(id) ?? "", "expected 1 to 56", id);
  }
  assertStringIncludes(kubernetesJobIdFault("cafe") ?? "", "hex digits only");
  assertStringIncludes(kubernetesJobIdFault("job-copy") ?? "", `ends in "-copy"`);
});

Deno.test("JobId and KubernetesJobId say the same sentence as the functions", () => {
  for (const [schema, faultOf] of [[JobId, jobIdFault], [KubernetesJobId, kubernetesJobIdFault]] as const) {
    assertEquals(schema.parse("chris-jid-42"), "chris-jid-42");
    const refused = schema.safeParse("d1");
    assertEquals(refused.error?.issues.map((issue) => issue.message), [faultOf("d1") ?? ""]);
    assert(!schema.safeParse(42).success);
  }
});

Deno.test("jobIdFault() lets through only ids whose containers are all told apart again", () => {
  const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}(-copy|-upload|-delete|-plugin|)$/);
  fc.assert(fc.property(id, fc.constantFrom(...JOB_TYPES), (jobId, jobType) => {
    fc.pre(jobIdFault(jobId) === null);
    assertEquals(identify(`/${containerName(jobId, jobType)}`, {}, LABEL), {
      job_id: jobId,
      job_type: jobType,
    });
  }));
});
