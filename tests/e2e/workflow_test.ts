import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  followJob,
  type JobEvent,
  pluginLines,
  startSystem,
  submit,
  submitScript,
  type System,
  workflowOf,
} from "./system.ts";

const WORKERS = [
  "event_forwarder",
  "log_forwarder",
  "status_consumer",
  "log_consumer",
  "task_worker",
  "sse_service",
];
const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index + 1));
const jobId = (name: string) => `e2e-${name}-${crypto.randomUUID().slice(0, 8)}z`;

/** What holds for every job's stream, however it ended. */
function assertSound(events: readonly JobEvent[]): void {
  const ids = events.filter(({ kind }) => kind !== "caught-up" && kind !== "end").map(({ data }) =>
    data.event_id
  );
  assertEquals(new Set(ids).size, ids.length, "an event came twice");
  const steps = ["copy", "plugin", "upload", "delete", "cleanup", "completed"];
  const order = events.filter(({ kind }) => kind === "workflow").map(({ data }) =>
    steps.indexOf(data.current_step)
  );
  assertEquals(order, order.toSorted((a, b) => a - b), "workflow events are out of order");
  const logs = events.filter(({ kind }) => kind === "logs");
  for (const lines of Map.groupBy(logs, ({ data }) => data.container_id).values()) {
    const markers = lines.filter(({ data }) => data.eos);
    assertEquals(markers.length, 1, "one end of stream per container");
    assertEquals(lines.at(-1)?.data.eos, true, "the end of stream comes last");
    assertEquals(
      lines.slice(0, -1).map(({ data }) => data.seq),
      lines.slice(0, -1).map((_, index) => index + 1),
    );
    assertEquals(markers[0]?.data.seq, lines.length - 1, "the end of stream counts the lines");
  }
  const statuses = events.filter(({ kind }) => kind === "status").map(({ data }) => data);
  for (const status of statuses.filter(({ status }) => /^(finished|undefined)/.test(status))) {
    const confirmed = statuses.filter((other) =>
      other.previous_status === status.status && other.job_type === status.job_type &&
      other.status === `confirmed_${status.status}`
    );
    assertEquals(confirmed.length, 1, `${status.job_type} ${status.status} is confirmed once`);
  }
}

const verdictOf = (events: readonly JobEvent[]) => events.findLast(({ kind }) => kind === "workflow")?.data;

Deno.test({
  name: "The whole way, from a container to a client",
  fn: async (t) => {
    await using system = await startSystem();
    await t.step("a plugin that succeeds ends finishedSuccessfully, its lines in order", async () => {
      const id = jobId("good");
      await submitScript(system, id, "i=1; while [ $i -le 50 ]; do echo $i; i=$((i+1)); done; cp -r $0/. $1");
      const events = await followJob(system, id);
      assertSound(events);
      assertEquals(pluginLines(events), numbers(50));
      assertEquals([verdictOf(events).current_step, verdictOf(events).workflow_status], [
        "completed",
        "finishedSuccessfully",
      ]);
      const workflow = await workflowOf(system, id);
      assertEquals([workflow.current_step, workflow.status, workflow.held], [
        "completed",
        "finishedSuccessfully",
        null,
      ]);
    });
    await t.step(
      "a plugin that exits 3 ends finishedWithError, with its exit code and the reason",
      async () => {
        const id = jobId("exit3");
        await submitScript(system, id, "echo out; echo oops >&2; exit 3");
        const events = await followJob(system, id);
        assertSound(events);
        assertEquals(verdictOf(events).workflow_status, "finishedWithError");
        assertStringIncludes(verdictOf(events).error, "3");
        const status = events.find(({ kind, data }) =>
          kind === "status" && data.status === "finishedWithError"
        )?.data;
        assertEquals([status.job_type, status.exit_code, status.reason.code], ["plugin", 3, "exit"]);
        const streams = events.filter(({ kind, data }) =>
          kind === "logs" && data.job_type === "plugin" && !data.eos
        );
        assertEquals(
          new Set(streams.map(({ data }) => `${data.stream} ${data.line}`)),
          new Set(["stdout out", "stderr oops"]),
        );
        const plugin = (await workflowOf(system, id)).steps.find(({ step }: { step: string }) =>
          step === "plugin"
        );
        assertEquals([plugin.status, plugin.exit_code, plugin.reason.code], ["finishedWithError", 3, "exit"]);
      },
    );
    await t.step("an image that does not exist ends failed, and says so", async () => {
      const id = jobId("noimage");
      await submit(system, id, { image: "localhost/there-is-no-such-image:1", entrypoint: ["run"] });
      const events = await followJob(system, id);
      assertSound(events);
      assertEquals(verdictOf(events).workflow_status, "failed");
      assertStringIncludes(verdictOf(events).error, "there-is-no-such-image");
      const plugin = (await workflowOf(system, id)).steps.find(({ step }: { step: string }) =>
        step === "plugin"
      );
      assertEquals([plugin.status, plugin.reason.code], ["not-run", "image-pull"]);
    });
    await t.step("an entrypoint that does not exist ends failed, and says so", async () => {
      const id = jobId("noentry");
      await submit(system, id, { image: system.image, entrypoint: ["there-is-no-such-program"] });
      const events = await followJob(system, id);
      assertSound(events);
      assertEquals(verdictOf(events).workflow_status, "failed");
      assertStringIncludes(verdictOf(events).error, "there-is-no-such-program");
      const plugin = (await workflowOf(system, id)).steps.find(({ step }: { step: string }) =>
        step === "plugin"
      );
      assertEquals([plugin.status, plugin.reason.code], ["not-run", "start-failed"]);
    });
    await t.step("100,000 lines reach a client that connects in the middle, all and in order", async () => {
      const id = jobId("long");
      await submitScript(system, id, "seq 1 50000; sleep 2; seq 50001 100000");
      await untilLogged(system, id, 10_000);
      const events = await followJob(system, id, { kind: "all" });
      assertSound(events);
      assertEquals(pluginLines(events), numbers(100_000));
    });
    await t.step(
      "a client that connects after the end gets the whole history, then the end, then 204",
      async () => {
        const id = jobId("late");
        await submitScript(system, id, "seq 1 3000");
        await followJob(system, id);
        const events = await followJob(system, id);
        assertSound(events);
        assertEquals(pluginLines(events), numbers(3_000));
        const again = await fetch(`${system.url}/events/${id}/all`, {
          headers: { "last-event-id": events.at(-1)?.id ?? "" },
        });
        assertEquals(again.status, 204);
      },
    );
    await t.step("40 workflows submitted at once all end right", async () => {
      const ids = Array.from({ length: 40 }, (_, index) => jobId(`many${index}`));
      await Promise.all(
        ids.map((id, index) => submitScript(system, id, `seq 1 20; exit ${index % 4 === 3 ? 1 : 0}`)),
      );
      const all = await Promise.all(
        ids.map((id) => followJob(system, id, { signal: AbortSignal.timeout(300_000) })),
      );
      for (const [index, events] of all.entries()) {
        assertSound(events);
        assertEquals(pluginLines(events), numbers(20));
        assertEquals(
          verdictOf(events).workflow_status,
          index % 4 === 3 ? "finishedWithError" : "finishedSuccessfully",
        );
      }
    });
  },
});

Deno.test("G1 G3 G6 G7 each worker killed in mid-workflow and started again: no line lost or doubled, the right end", async (t) => {
  await using system = await startSystem();
  for (const worker of WORKERS) {
    await t.step(`${worker} is killed`, async () => {
      const id = jobId("kill");
      await submitScript(system, id, "i=1; while [ $i -le 60 ]; do echo $i; i=$((i+1)); sleep 0.05; done");
      let killed = false;
      const events = await followJob(system, id, {
        onEvent: ({ kind, data }) => {
          if (killed || kind !== "logs" || data.line !== "10") return;
          killed = true;
          const pid = system.pidOf(worker);
          assert(pid, `${worker} runs`);
          Deno.kill(pid, "SIGKILL");
        },
      });
      assert(killed);
      assertSound(events);
      assertEquals(pluginLines(events), numbers(60));
      assertEquals(verdictOf(events).workflow_status, "finishedSuccessfully");
      await untilAlive(system, worker);
    });
  }
});

async function untilLogged(system: System, id: string, lines: number): Promise<void> {
  const cut = new AbortController();
  let seen = 0;
  await followJob(system, id, {
    signal: AbortSignal.any([cut.signal, AbortSignal.timeout(180_000)]),
    onEvent: ({ kind, data }) => {
      if (kind === "logs" && data.job_type === "plugin" && ++seen === lines) cut.abort();
    },
  }).catch((error) => {
    if (!cut.signal.aborted) throw error;
  });
}

async function untilAlive(system: System, worker: string): Promise<void> {
  while (system.pidOf(worker) === null) await new Promise((resolve) => setTimeout(resolve, 50));
}
