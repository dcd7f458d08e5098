import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { jobIdFault as serverFault, kubernetesJobIdFault } from "lib/job/job_id.ts";
import { jobIdFault, proposeJobId } from "./job_id.js";

Deno.test("proposeJobId() proposes ids that every runtime accepts", () => {
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }), random, (now, r) => {
      const id = proposeJobId(now, () => r);
      assertEquals(kubernetesJobIdFault(id), null);
      assertEquals(jobIdFault(id), null);
    }),
  );
  assertMatch(proposeJobId(new Date("2026-11-22T00:02:46Z"), () => 0), /^job-20261122-000246-bbbb$/);
});

Deno.test("jobIdFault() refuses exactly what the service refuses", () => {
  const ids = [
    "",
    "job-1",
    "ab12",
    "FACE",
    "x-copy",
    "x-upload",
    "x-delete",
    "copy",
    "-x",
    "a b",
    "x".repeat(64),
    "é",
  ];
  for (const id of ids) assertEquals(jobIdFault(id) === null, serverFault(id) === null, id);
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."abgx09._-copyudelt A/"), maxLength: 66 }), (id) => {
      assertEquals(jobIdFault(id) === null, serverFault(id) === null);
    }),
  );
});
