import { assert, assertEquals } from "@std/assert";
import { advanced, isSeen, type Mark, missingBefore, stepOfLog, stepOfStatus } from "./marks.ts";

const at = (second: number) => new Date(1_768_478_400_000 + second * 1_000).toISOString();
function line(seq: number, { eos = false, second = seq } = {}) {
  const step = stepOfLog({
    job_type: "plugin",
    container_id: "c".repeat(64),
    seq,
    eos,
    timestamp: at(second),
  });
  assert(step);
  return step;
}
function state(status: string, second: number) {
  const step = stepOfStatus({
    job_type: "plugin",
    container_id: "c".repeat(64),
    status,
    timestamp: at(second),
  });
  assert(step);
  return step;
}
const after = (...steps: Parameters<typeof advanced>[1][]) =>
  steps.reduce<Mark | undefined>((mark, step) => advanced(mark, step), undefined);

Deno.test("isSeen() knows lines up to the last one told, and the marker as behind its last line", () => {
  const mark = after(line(1), line(2));
  assert(isSeen(mark, line(1)) && isSeen(mark, line(2)));
  assert(!isSeen(mark, line(3)) && !isSeen(mark, line(2, { eos: true })));
  assert(isSeen(after(line(1), line(1, { eos: true })), line(1, { eos: true })));
});

Deno.test("isSeen() takes a line for new whose number began anew at a later time, and those that follow it", () => {
  const mark = after(line(900, { second: 900 }));
  assert(!isSeen(mark, line(5, { second: 901 })));
  const renumbered = advanced(mark, line(5, { second: 901 }));
  assert(!isSeen(renumbered, line(6, { second: 901 })));
  assert(isSeen(renumbered, line(4, { second: 899 })));
});

Deno.test("isSeen() knows the states of a container up to the last one, whatever its log has come to", () => {
  const mark = after(state("notStarted", 1), state("started", 2), line(7));
  assert(isSeen(mark, state("started", 2)) && isSeen(mark, state("notStarted", 1)));
  assert(!isSeen(mark, state("finishedSuccessfully", 3)));
  assert(!isSeen(after(state("finishedWithError", 3)), state("confirmed_finishedWithError", 3)));
  assert(!isSeen(after(state("finishedWithError", 3)), state("started", 9)), "started again");
  assert(!isSeen(after(state("finishedWithError", 3)), state("started", 2)), "lost before it was told");
  const again = after(state("started", 2), state("finishedWithError", 3), state("started", 9));
  assert(isSeen(again, state("started", 9)) && !isSeen(again, state("finishedWithError", 10)));
  assert(!isSeen(undefined, state("started", 2)));
});

Deno.test("missingBefore() names the lines between the last one and the next, also before the marker", () => {
  const mark = after(line(10));
  assertEquals(missingBefore(mark, line(11), false), null);
  assertEquals(missingBefore(mark, line(14), false), { from: 11, to: 13 });
  assertEquals(missingBefore(mark, line(10, { eos: true }), false), null);
  assertEquals(missingBefore(mark, line(12, { eos: true }), false), { from: 11, to: 12 });
  assertEquals(missingBefore(undefined, line(3), true), { from: 1, to: 2 });
  assertEquals(missingBefore(undefined, line(3), false), null);
  assertEquals(missingBefore(after(state("started", 1)), line(3), false), null);
});

Deno.test("stepOfLog() has no place for an event without a number, and a name for any container", () => {
  assertEquals(stepOfLog({ job_type: "plugin", container_id: "c".repeat(64), timestamp: at(1) }), null);
  assertEquals(stepOfLog({ job_type: "plugin", seq: 1, timestamp: at(1) }), null);
  for (const container_id of ["", "x", "A-B-C-D", "\u0000\ud800_.é"]) {
    const step = stepOfLog({ job_type: 7, container_id, seq: 1, timestamp: "never" });
    assert(step && /^[a-z][a-z0-9]{5}$/.test(step.container) && step.ms === 0, container_id);
  }
});
