import { assertEquals } from "@std/assert";
import { ChrisClient } from "lib/client/chris_client.ts";
import { Output } from "../command/output.ts";
import { commandLine } from "./command_line.ts";

/** Carries out a command line against a service that answers so. */
async function chris(line: string, answers: (url: URL) => Response) {
  const [out, notes, asked]: string[][] = [[], [], []];
  const output = new Output({
    writeSync(bytes) {
      out?.push(new TextDecoder().decode(bytes).trimEnd());
      return bytes.length;
    },
  });
  const fetch = (input: string | URL | Request) => {
    const url = new URL(String(input));
    asked?.push(url.pathname + url.search);
    return Promise.resolve(answers(url));
  };
  const request = commandLine(line.split(" "), "http://service");
  if (request.kind !== "invocation") throw new Error(`Cannot carry out "${line}": it asks for help`);
  const code = await request.invocation.act({
    client: new ChrisClient({ baseUrl: "http://service", fetch }),
    out: output,
    err: output,
    paint: (_, text) => text,
    note: (text) => void notes?.push(text),
    signal: new AbortController().signal,
    live: { out: false, err: false },
    now: () => Date.parse("2026-01-15T12:00:00Z"),
    readText: () => Promise.reject(new Error("no file is named")),
    confirm: () => null,
  });
  return { code, out, notes, asked };
}

/** A job that is over. */
const OVER = {
  ...{ job_id: "job", current_step: "completed", status: "failed", attempt: 1, cancelling: false },
  ...{ created_at: "2026-01-15T10:00:00Z", updated_at: "2026-01-15T10:00:40Z" },
  ...{ error: null, held: null, steps: [] },
};

/** A log: of each line its step and its minute, then what is written live. */
function logOf(history: readonly string[], live: readonly string[] = []) {
  const lineOf = (text: string) => {
    const [job_type, minute] = text.split(" ");
    const data = {
      job_type,
      line: text,
      timestamp: `2026-01-15T11:${minute}:00Z`,
      stream: "stdout",
      eos: false,
    };
    return `id: ${text}\nevent: logs\ndata: ${JSON.stringify(data)}\n\n`;
  };
  const marker = (event: string) => `id: ${event}\nevent: ${event}\ndata: {}\n\n`;
  const text = [...history.map(lineOf), marker("caught-up"), ...live.map(lineOf), marker("end")].join("");
  return ({ pathname }: URL) =>
    pathname.startsWith("/events/")
      ? new Response(text, { headers: { "content-type": "text/event-stream" } })
      : Response.json(OVER);
}

Deno.test("chris logs --tail picks the last lines of the wanted kind from all, and goes on with those that follow", async () => {
  const log = logOf(["plugin 10", "plugin 20", "copy 30", "plugin 40", "copy 50"], ["copy 51", "plugin 52"]);
  const picked = await chris("logs job -f --tail 2 --type plugin", log);
  assertEquals([picked.code, picked.out], [0, ["plugin 20", "plugin 40", "plugin 52"]]);
  assertEquals((await chris("logs job --tail 2 --type plugin", log)).out, ["plugin 20", "plugin 40"]);
  const since = await chris("logs job --tail 9 --since 35m", log);
  assertEquals(since.out, ["copy 30", "plugin 40", "copy 50"]);
  for (const { asked } of [picked, since]) {
    assertEquals(asked?.at(1)?.includes("tail="), false, "it would cut too much");
  }
  assertEquals((await chris("logs job --tail 2", log)).asked?.at(1)?.includes("tail=2"), true);
});

Deno.test("chris dlq requeue fails if a single letter was refused", async () => {
  for (const [refused, code] of [[1, 1], [0, 0]]) {
    const counts = { requeued: 2, gone: 1, refused };
    const result = () => Response.json({ dry_run: false, counts, outcomes: [], outcomes_left_out: 0 });
    assertEquals((await chris("dlq requeue --all --stream logs", result)).code, code);
  }
});

Deno.test("chris watch --follow shows the log of a job that is over, too, and each look at the job once", async () => {
  const { code, out } = await chris("watch job --follow --json", logOf(["copy 10", "plugin 20"]));
  const told = out?.map((text) => JSON.parse(text));
  assertEquals([code, told?.map(({ kind, line }) => line ?? kind)], [1, [
    "workflow",
    "copy 10",
    "plugin 20",
  ]]);
});
