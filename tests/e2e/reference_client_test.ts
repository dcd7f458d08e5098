import { assert, assertEquals } from "@std/assert";
import { startSystem, submitScript } from "./system.ts";

/**
 * What the reference's own end-to-end tests do with its service: submit, poll the workflow, read the event
 * stream line by line without looking at ids, then ask for histories.
 */
Deno.test("The reference's client logic and curl -N work unchanged", async (t) => {
  await using system = await startSystem();
  const jobId = `e2e-reference-${crypto.randomUUID().slice(0, 8)}z`;
  const curl = new Deno.Command("curl", {
    args: ["-N", "-s", "--max-time", "180", `${system.url}/events/${jobId}/all`],
    stdout: "piped",
  }).spawn();
  const reading = new Response(curl.stdout).text();
  await submitScript(system, jobId, "echo hello; echo world; exit 0");

  await t.step("the workflow can be polled until it is over", async () => {
    let workflow = { status: "running", current_step: "" };
    const deadline = Date.now() + 180_000;
    while (workflow.status === "running" && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      workflow = await (await fetch(`${system.url}/api/jobs/${jobId}/workflow`)).json();
    }
    assertEquals([workflow.status, workflow.current_step], ["finishedSuccessfully", "completed"]);
  });
  await t.step("a client that reads the stream line by line sees statuses, logs and workflow", async () => {
    const text = await reading;
    assertEquals((await curl.status).code, 0);
    const seen: { event: string; data: Record<string, unknown> }[] = [];
    let event = "message";
    for (const line of text.split("\n")) {
      if (line.startsWith("event:")) event = line.slice(6).trim();
      else if (line.startsWith("data:")) seen.push({ event, data: JSON.parse(line.slice(5)) });
    }
    const statuses = seen.filter((one) => one.event === "status").map(({ data }) =>
      `${data.job_type} ${data.status}`
    );
    for (
      const expected of [
        "copy finishedSuccessfully",
        "plugin started",
        "plugin confirmed_finishedSuccessfully",
      ]
    ) {
      assert(statuses.includes(expected), `${expected} in ${statuses.join(", ")}`);
    }
    const lines = seen.filter((one) =>
      one.event === "logs" && one.data.job_type === "plugin" && !one.data.eos
    );
    assertEquals(lines.map(({ data }) => data.line), ["hello", "world"]);
    assertEquals(
      seen.findLast((one) => one.event === "workflow")?.data.workflow_status,
      "finishedSuccessfully",
    );
  });
  await t.step("the histories have the reference's fields", async () => {
    const history = await (await fetch(`${system.url}/api/jobs/${jobId}/status/history`)).json();
    assertEquals(history.job_id, jobId);
    const fields = [
      "job_id",
      "job_type",
      "status",
      "image",
      "cmd",
      "message",
      "exit_code",
      "source",
      "event_id",
      "updated_at",
    ];
    for (const status of history.statuses) for (const field of fields) assert(field in status, field);
    assert(
      history.statuses.some((one: { job_type: string; status: string }) =>
        one.job_type === "plugin" && one.status === "finishedSuccessfully"
      ),
    );
    const logs = await (await fetch(`${system.url}/logs/${jobId}/history?limit=1000&offset=0`)).json();
    assertEquals(logs.total, logs.lines.length);
    assertEquals(
      logs.lines.filter((one: { job_type: string }) => one.job_type === "plugin").map((
        one: { line: string },
      ) => one.line),
      ["hello", "world"],
    );
    const metrics = await (await fetch(`${system.url}/metrics`)).json();
    for (const base of ["status", "logs"]) {
      assertEquals(metrics[base].shards.length, 8);
      for (const shard of metrics[base].shards) {
        for (const field of ["stream", "xlen", "pending"]) assert(field in shard);
      }
      assertEquals(metrics[base].dlq_xlen, 0);
    }
    assertEquals(await (await fetch(`${system.url}/health`)).json(), { status: "ok" });
  });
});
