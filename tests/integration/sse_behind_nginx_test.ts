import { assert, assertEquals } from "@std/assert";
import { EventSource } from "eventsource";
import type { LogEvent } from "lib/event/log.ts";
import { until } from "lib/testing/until.ts";
import { cuttingProxy } from "./cutting_proxy.ts";
import { NGINX, startNginxProxy } from "./nginx_proxy.ts";
import { startSseBench } from "./sse_bench.ts";

const LINES = 100_000;
const BATCH = 2_000;

/** The log as it was written: numbered, of all lengths, with what has been known to be mangled on the way. */
function textOf(seq: number): string {
  const odd = [
    "",
    " ",
    "\t",
    "data: x",
    "id: 1",
    ": comment",
    "\r",
    "\u2028",
    "\0",
    "日本語",
    "👩‍🔬",
    "\\n",
    '"',
    "</script>",
  ];
  return `${seq} ${odd[seq % odd.length]} ${"x".repeat(seq % 61)}`;
}

/** A stock EventSource that collects lines until the end is told. */
function follow(url: string) {
  const lines: LogEvent[] = [];
  const source = new EventSource(url);
  const ended = Promise.withResolvers<void>();
  let opened = 0;
  source.onopen = () => opened++;
  source.addEventListener("logs", ({ data }) => lines.push(JSON.parse(data)));
  source.addEventListener("gap", ({ data }) => ended.reject(new Error(`gap: ${data}`)));
  return { lines, source, ended: ended.promise, opened: () => opened };
}

Deno.test({
  name:
    "G10 a stock EventSource behind nginx with its defaults, cut again and again, sees 100,000 lines byte for byte",
  ignore: NGINX === null,
  fn: async () => {
    await using bench = await startSseBench();
    await using nginx = await startNginxProxy(bench.url);
    // Anywhere in an event, in history as well as in what comes live.
    const cutAfter = Array.from({ length: 8 }, () => Math.floor(Math.random() ** 2 * 8_000_000));
    await using proxy = cuttingProxy(nginx.url, cutAfter);
    const url = `${proxy.url}/events/proxied/logs`;
    const early = follow(url);
    for (let written = 0; written < LINES; written += BATCH) await bench.writeLines("proxied", BATCH, textOf);
    const late = follow(url);
    const clients = [early, late];
    await Promise.race([
      until("all lines came", () => clients.every(({ lines }) => lines.length >= LINES), 240_000),
      ...clients.map(({ ended }) => ended),
    ]);
    for (const { lines, source } of clients) {
      source.close();
      const wrong = lines.findIndex(({ line, seq }, at) => seq !== at + 1 || line !== textOf(at + 1));
      assertEquals(wrong, -1, `place ${wrong} holds ${JSON.stringify(lines[wrong])}`);
      assertEquals(lines.length, LINES);
    }
    const opened = early.opened() + late.opened();
    assert(opened >= 6, `${opened} connections, cut after ${cutAfter} bytes`);
  },
});
