import { assertEquals } from "@std/assert";
import { showEvent } from "./show_event.ts";
import { Terminal } from "./terminal.ts";

const plain = new Terminal(false, () => {});
const at = "2026-11-22T10:11:12.345678+00:00";

Deno.test("showEvent() has a line for each kind of event", () => {
  const shown = [
    {
      kind: "status",
      data: { timestamp: at, job_type: "copy", status: "finishedSuccessfully", exit_code: 0 },
    },
    {
      kind: "workflow",
      data: {
        timestamp: at,
        current_step: "plugin",
        current_step_status: "started",
        workflow_status: "running",
      },
    },
    { kind: "logs", data: { timestamp: at, job_type: "plugin", line: "hello" } },
    { kind: "gap", data: { reason: "trimmed" } },
  ] as const;
  assertEquals(shown.map((event) => showEvent(event, plain)), [
    "  10:11:12.345 status    copy     finishedSuccessfully, exit code 0",
    "  10:11:12.345 workflow  plugin   started; workflow running",
    "  10:11:12.345 log       plugin   | hello",
    "               gap       trimmed",
  ]);
});

Deno.test("showEvent() leaves out the end-of-stream marker", () => {
  assertEquals(showEvent({ kind: "logs", data: { timestamp: at, line: "", eos: true } }, plain), null);
});

Deno.test("G13 showEvent() shows hostile text as text", () => {
  const line = showEvent(
    { kind: "logs", data: { timestamp: at, job_type: "plugin", line: "\x1b[2J" } },
    plain,
  );
  assertEquals(line, "  10:11:12.345 log       plugin   | \\u{1b}[2J");
});
