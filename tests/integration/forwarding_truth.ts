/**
 * What must have been told of containers, found out without the code that tells it: for tests of both forwarders.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import type Docker from "dockerode";
import type { LogEvent } from "lib/event/log.ts";
import { type ForwarderBench, until } from "./forwarder_bench.ts";

/** "1" … "n". */
export function oneTo(n: number): string[] {
  return Array.from({ length: n }, (_, i) => `${i + 1}`);
}

/**
 * Fails unless the events are exactly these lines, numbered from 1, each with its own id, and one marker at the end,
 * which says that there may have been more only if the log was `cutShort`.
 */
export function assertLog(
  events: readonly LogEvent[],
  expected: readonly string[],
  { cutShort = false }: { cutShort?: boolean } = {},
): void {
  const lines = events.filter((event) => !event.eos);
  const wrong = expected.findIndex((line, i) => lines[i]?.line !== line || lines[i]?.seq !== i + 1);
  assertEquals(wrong, -1, `line ${wrong + 1} is ${JSON.stringify(lines[wrong])?.slice(0, 300)}`);
  assertEquals(lines.length, expected.length);
  assertEquals(events.map((event) => event.eos).indexOf(true), expected.length, "one marker, at the end");
  assertEquals(events.length, expected.length + 1);
  assertEquals(events.at(-1)?.seq, expected.length);
  assertEquals(new Set(events.map((event) => event.event_id)).size, events.length);
  assertEquals(events.filter((event) => event.gap).length, cutShort ? 1 : 0);
  assertEquals(events.at(-1)?.gap ?? false, cutShort);
}

/** Waits until the end of each container's log is told, by the forwarder's own record (the stream may be long). */
export async function untilEnded(bench: ForwarderBench, ids: readonly string[], ms = 240_000): Promise<void> {
  await until("told the end of every log", async () => {
    const cursors = await bench.redis.mget(ids.map((id) => `chris:log-forwarder:cursor:${id}`));
    return cursors.every((cursor) => cursor !== null && JSON.parse(cursor).eos !== null);
  }, ms);
}

/** The lines that the Engine holds of a container, as it stores them. */
export async function storedLines(container: Docker.Container): Promise<string[]> {
  const bytes = await container.logs({ stdout: true, stderr: true, follow: false });
  let text = "";
  for (let at = 0; at + 8 <= bytes.length; at += 8 + bytes.readUInt32BE(at + 4)) {
    text += bytes.toString("utf8", at + 8, at + 8 + bytes.readUInt32BE(at + 4));
  }
  return text === "" ? [] : text.replace(/\n$/, "").split("\n");
}

/** The event ids of a container's life, computed from what Docker says about it. */
export async function idsFromInspect(container: Docker.Container): Promise<string[]> {
  const { Name, Created, State } = await container.inspect();
  const job = Name.slice(1).replace(/-(copy|upload|delete)$/, "");
  const type = /-(copy|upload|delete)$/.exec(Name)?.[1] ?? "plugin";
  const facts = [["notStarted", Created]];
  if (!State.StartedAt.startsWith("0001")) facts.push(["started", State.StartedAt]);
  if (State.Status === "exited") {
    facts.push([State.ExitCode === 0 ? "finishedSuccessfully" : "finishedWithError", State.FinishedAt]);
  }
  return facts.map(([status, time = ""]) => {
    const text = `${job}:${type}:${status}:${micros(time).replace("T", " ")}`;
    return createHash("sha256").update(text).digest("hex").slice(0, 24);
  });
}

/** Waits until the states told of each container are those that Docker tells of, each once and in order. */
export async function assertStates(
  bench: ForwarderBench,
  containers: readonly Docker.Container[],
): Promise<void> {
  for (const container of containers) {
    const expected = await idsFromInspect(container);
    await until(
      "reported the last state",
      async () => (await bench.statuses(container.id)).some(({ event_id }) => event_id === expected.at(-1)),
      180_000, // a question over a connection that is gone waits for 20 s
    );
    assertEquals((await bench.statuses(container.id)).map(({ event_id }) => event_id), expected);
  }
}

/** A time of the Engine as the wire has it. */
function micros(time: string): string {
  const [whole = "", fraction = ""] = time.replace("Z", "").split(".");
  const digits = fraction.padEnd(6, "0").slice(0, 6);
  return `${whole}${digits === "000000" ? "" : `.${digits}`}+00:00`;
}
