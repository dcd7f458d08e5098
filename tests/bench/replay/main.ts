/**
 * `deno run -A tests/bench/replay/main.ts`: one client replays the whole log of a job that is over: lines per second,
 * and the service's memory at rest, on the way and at the end. A log of any length must take the same memory.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { eventsRequest } from "../fanout/contender.ts";
import { memoryOfTree } from "../fanout/memory_of_tree.ts";
import { Readers } from "../fanout/readers.ts";
import { type Service, startService } from "../fanout/service.ts";
import { jobWithLog } from "./job_with_log.ts";

/** How much more memory a longer log may take than the first one (ratio): what the collector of garbage makes of it. */
const MOST_GROWTH = 1.2;

const USAGE = `usage: deno run -A tests/bench/replay/main.ts [--lines 200000,1000000] [--help]

  --lines 200000,1000000  lengths of the logs, replayed one after the other

Linux only. The client is a process of its own that counts events. Exit code 1: a log took more
than ${MOST_GROWTH} times the memory that the first one took on top of that at rest.
`;

const MB = 1_048_576;
const SAMPLE_MS = 250;

/** What a replay cost; memory in bytes. */
interface Replay {
  readonly seconds: number;
  /** By tenths of the log, the most that was seen. */
  readonly memory: readonly number[];
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { lines: { type: "string", default: "200000,1000000" }, help: { type: "boolean" } },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  await using service = await startService();
  const took: number[] = [];
  for (const [index, lines] of values.lines.split(",").map(Number).entries()) {
    const jobId = `replay-${index}`;
    await jobWithLog(service.sql, jobId, lines);
    const rest = memoryOfTree(service.pid);
    const { seconds, memory } = await replay(service, jobId, lines);
    const above = Math.max(...memory) - rest;
    took.push(above);
    console.log(
      `${lines} lines: ${seconds.toFixed(1)} s, ${Math.round(lines / seconds)} lines/s; ` +
        `${inMb(rest)} MB at rest, at most ${inMb(above)} MB more; by tenths ${memory.map(inMb).join(" ")}`,
    );
  }
  return Math.max(...took) > MOST_GROWTH * (took[0] ?? 0) ? 1 : 0;
}

/** Has a client read the log to its end. */
async function replay({ port, pid }: Service, jobId: string, lines: number): Promise<Replay> {
  const memory: number[] = [];
  const begin = performance.now();
  await using readers = await Readers.connect({
    port,
    requests: [eventsRequest(`/events/${jobId}/logs`, port)],
    clients: 1,
  });
  for (let sampledAt = 0;;) {
    const { events } = await readers.next();
    if (performance.now() - sampledAt > SAMPLE_MS) {
      const tenth = Math.min(9, Math.floor(events / lines * 10));
      memory[tenth] = Math.max(memory[tenth] ?? 0, memoryOfTree(pid));
      sampledAt = performance.now();
    }
    if (events > lines) break; // the preamble counts as one
  }
  return { seconds: (performance.now() - begin) / 1_000, memory: memory.filter(Boolean) };
}

function inMb(bytes: number): string {
  return (bytes / MB).toFixed(0);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
