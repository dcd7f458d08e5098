import { assertEquals } from "@std/assert";
import { containerName, identify, JOB_SUFFIXES } from "./identity.ts";

const LABEL = "org.chrisproject.job_type";

Deno.test("identify() takes Docker's leading slash off, and only one", () => {
  assertEquals(identify("/job-1-copy", {}, LABEL), { job_id: "job-1", job_type: "copy" });
  assertEquals(identify("//job-1", {}, LABEL), { job_id: "/job-1", job_type: "plugin" });
});

Deno.test("identify() lets a valid label decide the type and strips the suffix all the same", () => {
  assertEquals(identify("job-1-copy", { [LABEL]: "plugin" }, LABEL), { job_id: "job-1", job_type: "plugin" });
  assertEquals(identify("job-1", { [LABEL]: "delete" }, LABEL), { job_id: "job-1", job_type: "delete" });
});

Deno.test("identify() falls back to the suffix when the label is missing, invalid or another runtime's", () => {
  for (
    const labels of [{}, { [LABEL]: "" }, { [LABEL]: "Copy" }, { [LABEL]: undefined }, { other: "plugin" }]
  ) {
    assertEquals(identify("job-1-upload", labels, LABEL), { job_id: "job-1", job_type: "upload" });
  }
});

Deno.test("identify() takes one suffix off, not all of them", () => {
  assertEquals(identify("job-copy-delete", {}, LABEL), { job_id: "job-copy", job_type: "delete" });
});

Deno.test("identify() knows nobody when no job id remains", () => {
  for (const name of ["", "/", "-copy", "/-delete"]) {
    assertEquals(identify(name, { [LABEL]: "copy" }, LABEL), null);
  }
});

Deno.test("containerName() gives the names pfcon gives", () => {
  assertEquals(containerName("job-1", "plugin"), "job-1");
  assertEquals(containerName("job-1", "copy"), "job-1-copy");
  assertEquals(containerName("job-1", "upload"), "job-1-upload");
  assertEquals(containerName("job-1", "delete"), "job-1-delete");
  assertEquals(JOB_SUFFIXES, ["-copy", "-upload", "-delete"]);
});
