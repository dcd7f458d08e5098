import { assertEquals } from "@std/assert";
import { namesJob } from "./job_patterns.ts";

Deno.test("G12 namesJob() lets in what its patterns name and nothing else", () => {
  const patterns = ["job-1", "team-a-*"];
  const named = ["job-1", "team-a-", "team-a-7"];
  const others = ["job-10", "job-", "Job-1", "team-b-1", "team-a", "xteam-a-1", ""];
  assertEquals(named.filter((id) => !namesJob(patterns, id)), []);
  assertEquals(others.filter((id) => namesJob(patterns, id)), []);
});

Deno.test("G12 namesJob() takes a star for one at the end of a pattern only", () => {
  assertEquals(["abc", "ab", "b", "xy", "x"].filter((id) => namesJob(["a*c", "*b", "x**"], id)), []);
  assertEquals(namesJob(["*"], "anything"), true);
});

Deno.test("G12 namesJob() lets nothing in by an empty list, and everything without one", () => {
  assertEquals([namesJob([], "job-1"), namesJob(null, "job-1")], [false, true]);
});
