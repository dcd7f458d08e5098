import { assertEquals, assertMatch } from "@std/assert";
import { Output } from "../command/output.ts";
import { LiveViewer } from "./live_viewer.ts";

const VIEW = {
  job_id: "job-a",
  current_step: "completed",
  status: "finishedSuccessfully",
  created_at: "2026-01-15T10:00:00Z",
  updated_at: "2026-01-15T10:00:40Z",
  error: null,
  held: null,
  steps: [],
  attempt: 1,
  cancelling: false,
};

/** A viewer whose output is kept, or has nobody to read it. */
function setup({ closed = false } = {}) {
  let written = "";
  const screen = new Output({
    writeSync(bytes) {
      if (closed) throw new Deno.errors.BrokenPipe();
      written += new TextDecoder().decode(bytes);
      return bytes.length;
    },
  });
  const faults: unknown[] = [];
  const viewer = new LiveViewer({
    screen,
    out: screen,
    err: screen,
    paint: (_, text) => text,
    now: () => 0,
    onFault: (fault) => faults.push(fault),
  });
  return { viewer, written: () => written, faults };
}

Deno.test("LiveViewer leaves how the job stands, in full, when it is done", () => {
  const { viewer, written } = setup();
  viewer.view(VIEW);
  viewer.note("connected again");
  viewer[Symbol.dispose]();
  assertMatch(written(), /connected again\n/);
  assertEquals(written().endsWith("\x1b[1A\r\x1b[Jjob-a  finishedSuccessfully  40 s\n"), true, written());
});

Deno.test("LiveViewer tells of lines that are missing or were cut, and shows nothing that a terminal would obey", () => {
  const { viewer, written } = setup();
  const line = { event_id: "", job_id: "job-a", job_type: "plugin", container_name: "job-a", timestamp: "" };
  viewer.line({
    ...line,
    job_type: "plugin",
    line: "text\x1b[2J",
    stream: "stdout",
    eos: false,
    truncated: 9,
  });
  viewer.line({ ...line, job_type: "plugin", line: "", stream: "", eos: true, gap: true });
  viewer.gap({ reason: "\x1b[2J" });
  viewer[Symbol.dispose]();
  const texts = written().split("\n");
  assertMatch(texts[0] ?? "", /was cut: it had 9 bytes/);
  assertEquals(texts[1], "text^[[2J");
  assertMatch(texts[2] ?? "", /^lines may be missing here/);
  assertMatch(texts[3] ?? "", /\(\\u\{1b\}\[2J\)$/);
});

Deno.test("LiveViewer is done also where nobody reads any more", () => {
  const { viewer, faults } = setup({ closed: true });
  viewer[Symbol.dispose]();
  assertEquals(faults, []);
});
