import { assertEquals } from "@std/assert";
import { compareLists, filterPath, readFilter, summaryOf } from "./job_list.js";

const job = (second: number, status = "finishedSuccessfully") => ({
  job_id: `j${second}`,
  status,
  current_step: status === "running" ? "plugin" : "completed",
  held: null,
  error: null,
  created_at: `2026-01-15T12:00:${String(second).padStart(2, "0")}.000Z`,
  updated_at: "2026-01-15T12:00:59.000Z",
  image: "i",
});

Deno.test("compareLists() changes jobs in their place and keeps new ones apart", () => {
  const shown = [job(3, "running"), job(2), job(1)];
  const look = { jobs: [job(4), job(3), job(2)], next: "c" };
  const { jobs, fresh, left } = compareLists(shown, look);
  assertEquals(jobs.map(({ job_id, status }) => [job_id, status]), [
    ["j3", "finishedSuccessfully"],
    ["j2", "finishedSuccessfully"],
    ["j1", "finishedSuccessfully"],
  ]);
  assertEquals([fresh.map(({ job_id }) => job_id), left], [["j4"], []]);
});

Deno.test("compareLists() names the running jobs that the look should have had, and no others", () => {
  const shown = [5, 4, 3, 2, 1].map((second) => job(second, "running"));
  const part = compareLists(shown, { jobs: [job(5, "running"), job(3, "running")], next: "c" });
  assertEquals(part.left, ["j4"]);
  const whole = compareLists(shown, { jobs: [job(5, "running")], next: null });
  assertEquals(whole.left, ["j4", "j3", "j2", "j1"]);
  assertEquals(compareLists(shown, { jobs: [], next: "c" }).left, []);
});

Deno.test("compareLists() does not call older jobs new that were not loaded yet", () => {
  const { fresh } = compareLists([job(9)], { jobs: [job(9), job(8)], next: null });
  assertEquals(fresh, []);
});

Deno.test("compareLists() calls a job new that was made at the same moment as the newest one shown", () => {
  const twin = { ...job(9), job_id: "twin" };
  assertEquals(compareLists([job(9)], { jobs: [twin, job(9)], next: null }).fresh, [twin]);
});

Deno.test("summaryOf() says how a job goes", () => {
  assertEquals(summaryOf(job(1, "running")), { tone: "running", text: "plugin" });
  assertEquals(summaryOf({ ...job(1, "running"), held: "log not stored" }).tone, "held");
  assertEquals(summaryOf({ ...job(1, "failed"), error: "no image" }), { tone: "failed", text: "no image" });
  assertEquals(summaryOf(job(1, "cancelled")).text, "cancelled");
  assertEquals(summaryOf({ ...job(1), error: "delete failed" }).text, "succeeded, but delete failed");
});

Deno.test("readFilter() reads what filterPath() wrote, and takes an unknown state for all", () => {
  const filter = { status: "failed", q: "a&b=c #%" } as const;
  assertEquals(readFilter(filterPath(filter).slice(1)), filter);
  assertEquals(filterPath({ status: "all", q: "" }), "/");
  for (const search of ["?status=toString", "?status=no", ""]) assertEquals(readFilter(search).status, "all");
});
