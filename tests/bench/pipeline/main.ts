/**
 * `deno task bench:pipeline`: how fast the pipelines are, as ratios within one run, so that they can be compared
 * from machine to machine. Every measurement starts real worker processes on servers and containers of its own.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { findEngine } from "../../../deploy/dev/docker_client.ts";
import type { Figure, Measurement } from "./measurement.ts";
import { forwardLines } from "./forward_lines.ts";
import { memoryToStream } from "./memory_to_stream.ts";
import { storeLines } from "./store_lines.ts";
import { storeStatuses } from "./store_statuses.ts";
import { delayToClient } from "./delay_to_client.ts";
import { workerCost } from "./worker_cost.ts";
import { callsPerJob } from "./calls_per_job.ts";
import { table } from "./table.ts";

const MEASUREMENTS: readonly Measurement[] = [
  {
    id: "a",
    title: "log lines into the log stream",
    needsDocker: true,
    run: async (options) => [...await forwardLines(options), await memoryToStream(options)],
  },
  {
    id: "b",
    title: "log stream into Postgres",
    needsDocker: false,
    run: async (options) => [await storeLines(options)],
  },
  { id: "c", title: "status events into Postgres", needsDocker: false, run: storeStatuses },
  { id: "d", title: "delay from a container to a client", needsDocker: true, run: delayToClient },
  { id: "e", title: "what each worker costs", needsDocker: true, run: workerCost },
  { id: "f", title: "calls made to the runtime and to pfcon", needsDocker: false, run: callsPerJob },
];

const USAGE = `usage: deno task bench:pipeline [--only a,b] [--rounds N] [--json FILE] [--help]

${MEASUREMENTS.map(({ id, title }) => `  ${id}  ${title}`).join("\n")}

  --only a,b    these measurements alone
  --rounds N    rounds of each comparison (default 3); the table has their medians
  --json FILE   writes the figures there too

(a), (d) and (e) need a Docker Engine, at DOCKER_HOST or one of its usual sockets, and are left out without one.
All of it takes about five minutes on an idle machine. Exit code 1: a target was missed; 2: the arguments cannot
work.
`;

async function main(args: readonly string[]): Promise<number> {
  const settings = readArgs(args);
  if (typeof settings === "string") {
    console.error(settings);
    return 2;
  }
  if (settings.help) {
    console.log(USAGE);
    return 0;
  }
  const begin = performance.now();
  const progress = (text: string) => {
    console.error(`${((performance.now() - begin) / 1_000).toFixed(0).padStart(4)} s  ${text}`);
  };
  const engine = await findEngine(Deno.env.toObject());
  if (engine) Deno.env.set("DOCKER_HOST", engine.host); // what our own containers and workers look at
  const figures: (Figure & { readonly measurement: string })[] = [];
  for (const { id, title, needsDocker, run } of settings.chosen) {
    progress(`(${id}) ${title}${needsDocker && !engine ? ": left out, no Docker Engine answers" : ""}`);
    if (needsDocker && !engine) continue;
    const found = await run({ rounds: settings.rounds, progress });
    figures.push(...found.map((figure) => ({ measurement: id, ...figure })));
  }
  console.log(table(figures));
  if (settings.json) {
    const machine = { cpus: navigator.hardwareConcurrency, deno: Deno.version.deno, os: Deno.build.os };
    await Deno.writeTextFile(settings.json, `${JSON.stringify({ machine, figures }, null, 2)}\n`);
  }
  return figures.some(({ ratio, target }) => ratio !== undefined && target !== undefined && ratio < target)
    ? 1
    : 0;
}

interface Settings {
  readonly chosen: readonly Measurement[];
  readonly rounds: number;
  readonly json: string | null;
  readonly help: boolean;
}

/** What the arguments say, or what is wrong with them. */
function readArgs(args: readonly string[]): Settings | string {
  const options = {
    only: { type: "string" },
    rounds: { type: "string", default: "3" },
    json: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  } as const;
  try {
    const { only, rounds, json = null, help } = parseArgs({ args: [...args], options }).values;
    const ids = only?.split(",") ?? MEASUREMENTS.map(({ id }) => id);
    const unknown = ids.find((id) => !MEASUREMENTS.some((measurement) => measurement.id === id));
    if (unknown !== undefined) return `Cannot measure "${unknown}": there is no such measurement\n\n${USAGE}`;
    if (!/^[1-9]\d?$/.test(rounds)) return `Cannot run "${rounds}" rounds: expected 1 to 99\n\n${USAGE}`;
    return { chosen: MEASUREMENTS.filter(({ id }) => ids.includes(id)), rounds: Number(rounds), json, help };
  } catch (error) {
    return `${error instanceof Error ? error.message : error}\n\n${USAGE}`;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
