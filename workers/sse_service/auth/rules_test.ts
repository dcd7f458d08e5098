import { assertEquals } from "@std/assert";
import { RULES } from "./rules.ts";

Deno.test("G12 a route that names a job asks for that job, and for the right to change it if it does", () => {
  const ofJobs = Object.entries(RULES).filter(([key]) => key.includes("/:job_id/"));
  for (const [key, rule] of ofJobs) {
    const scope = key.startsWith("GET ") ? "jobs:read" : "jobs:run";
    assertEquals(rule, { scope, about: "job" }, key);
  }
  assertEquals(ofJobs.length > 9, true);
});

Deno.test("G12 dead letters are for those who look after all jobs", () => {
  for (const [key, rule] of Object.entries(RULES)) {
    if (key.includes("/dlq/")) assertEquals(rule, { scope: "jobs:admin", about: "all jobs" }, key);
  }
});
