/**
 * `deno task bench:fanout`: our SSE service beside nginx with nchan, in one run on one machine: how fast the lines of
 * a job reach many clients, what idle clients cost, and what it costs when all come back at once.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { table } from "../pipeline/table.ts";
import type { Figure } from "../pipeline/measurement.ts";
import { fanOut } from "./fan_out.ts";
import type { FanoutMeasurement } from "./fanout_bench.ts";
import { idleMemory } from "./idle_memory.ts";
import { startNchan } from "./nchan.ts";
import { reconnectStorm } from "./reconnect_storm.ts";
import { startService } from "./service.ts";

const MEASUREMENTS: readonly FanoutMeasurement[] = [
  { id: "a", title: "lines of a job to many clients", run: fanOut },
  { id: "b", title: "memory of idle clients", run: idleMemory },
  { id: "c", title: "all clients come back at once", run: reconnectStorm },
];
const CLIENTS = "1,100,1000,5000";

const USAGE =
  `usage: deno task bench:fanout [--only a,b] [--clients 1,100] [--rounds N] [--json FILE] [--help]

${MEASUREMENTS.map(({ id, title }) => `  ${id}  ${title}`).join("\n")}

  --only a,b       these measurements alone
  --clients 1,100  numbers of clients for (a) (default ${CLIENTS})
  --rounds N       rounds of (a) (default 3); the table has their medians
  --json FILE      writes the figures there too

Linux only. Both servers run on this machine, on loopback, and share its processors with whoever publishes and with
the readers, a process that counts what the clients get and is the same for both. nchan has as many workers as
there are processors. Delays are taken at one pace for both, 0.4 of what the slower one delivers at most.
Without nginx and nchan (Debian: libnginx-mod-nchan) our service is measured alone. All of it takes less than five
minutes on an idle machine. Exit code 1: a target was missed; 2: the arguments cannot work.
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
  const figures: (Figure & { readonly measurement: string })[] = [];
  for (const { id, title, run } of settings.chosen) {
    progress(`(${id}) ${title}`);
    // Servers of its own for each, so that no measurement finds what another has left in memory.
    await using service = await startService();
    await using nchan = await startNchan();
    if (!nchan) progress("no nginx with nchan on this machine: our service is measured alone");
    const found = await run({ service, nchan }, { ...settings, progress });
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
  readonly chosen: readonly FanoutMeasurement[];
  readonly clients: readonly number[];
  readonly rounds: number;
  readonly json: string | null;
  readonly help: boolean;
}

/** What the arguments say, or what is wrong with them. */
function readArgs(args: readonly string[]): Settings | string {
  const options = {
    only: { type: "string" },
    clients: { type: "string", default: CLIENTS },
    rounds: { type: "string", default: "3" },
    json: { type: "string" },
    help: { type: "boolean", short: "h", default: false },
  } as const;
  try {
    const { only, clients, rounds, json = null, help } = parseArgs({ args: [...args], options }).values;
    const ids = only?.split(",") ?? MEASUREMENTS.map(({ id }) => id);
    const unknown = ids.find((id) => !MEASUREMENTS.some((measurement) => measurement.id === id));
    if (unknown !== undefined) return `Cannot measure "${unknown}": there is no such measurement\n\n${USAGE}`;
    if (!/^[1-9]\d{0,3}(,[1-9]\d{0,3})*$/.test(clients)) {
      return `Cannot deliver to "${clients}" clients: expected numbers from 1 to 9999\n\n${USAGE}`;
    }
    if (!/^[1-9]\d?$/.test(rounds)) return `Cannot run "${rounds}" rounds: expected 1 to 99\n\n${USAGE}`;
    return {
      chosen: MEASUREMENTS.filter(({ id }) => ids.includes(id)),
      clients: clients.split(",").map(Number),
      rounds: Number(rounds),
      json,
      help,
    };
  } catch (error) {
    return `${error instanceof Error ? error.message : error}\n\n${USAGE}`;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
