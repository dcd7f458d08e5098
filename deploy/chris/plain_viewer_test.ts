import { assertEquals } from "@std/assert";
import { Output } from "../command/output.ts";
import { PlainViewer } from "./plain_viewer.ts";

/** A viewer and what it has written. */
function setup() {
  const written: string[] = [];
  const output = new Output({
    writeSync(bytes) {
      written.push(new TextDecoder().decode(bytes).trimEnd());
      return bytes.length;
    },
  });
  const to = { progress: output, out: output, err: output };
  return { viewer: new PlainViewer({ ...to, paint: (_, text) => text, now: () => 0 }), written };
}

Deno.test("PlainViewer says before a line that it was cut, or that some are missing", () => {
  const { viewer, written } = setup();
  const event = { event_id: "", job_id: "a", job_type: "copy", container_name: "a", timestamp: "" } as const;
  viewer.line({ ...event, line: "text\x1b[2J", stream: "stdout", eos: false, truncated: 9 });
  assertEquals(written, ["the next line of copy was cut: it had 9 bytes", "text^[[2J"]);
});

Deno.test("PlainViewer says how a job ended that was over before anybody looked, and says so once", () => {
  const { viewer, written } = setup();
  const view = {
    ...{ job_id: "job-a", current_step: "completed", status: "finishedSuccessfully", attempt: 1 },
    ...{ created_at: "2026-01-15T10:00:00Z", updated_at: "2026-01-15T10:00:40Z", cancelling: false },
    ...{ error: null, held: null, steps: [] },
  };
  viewer.view(view);
  viewer.view(view);
  assertEquals(written, ["job-a  finishedSuccessfully  40 s"]);
});
