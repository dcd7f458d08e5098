/**
 * (b) What clients cost that are connected while their job says nothing.
 *
 * @module
 */
import type { Figure } from "../pipeline/measurement.ts";
import type { Contender } from "./contender.ts";
import { atMost, type FanoutBench, type Subjects } from "./fanout_bench.ts";
import { memoryOfTree } from "./memory_of_tree.ts";
import { JobLines } from "./job_lines.ts";
import { Readers } from "./readers.ts";

const CLIENTS = 5_000;
/** Clients that come and go first, so that what any client needs is there before it is counted. */
const FIRST_CLIENTS = 100;
/** So many jobs have the clients between them. */
const JOBS = 50;
const HELD = 10_000;
/** Most memory that an idle client may cost us (KB). */
const LIMIT_KB = 50;
/** Before memory is read: time for what is only passing to be given back (ms). */
const REST_MS = 4_000;
/** Descriptors of the readers and the service beside one per client. */
const SPARE_DESCRIPTORS = 300;

/** Measures memory per client of each server, then whether ours holds many. */
export async function idleMemory({ service, nchan }: Subjects, bench: FanoutBench): Promise<Figure[]> {
  const ours = await kilobytesPerClient(service, bench);
  const theirs = nchan && await kilobytesPerClient(nchan, bench);
  const name = `memory per idle client, ${CLIENTS.toLocaleString("en")} connected`;
  const figures = [atMost({ name, unit: "KB", ours }, LIMIT_KB)];
  if (theirs !== null) {
    figures.push({ name: "  the same of nchan", unit: "KB", ours: theirs, how: "measured" });
  }
  const most = await openFiles() - SPARE_DESCRIPTORS;
  if (most < HELD) bench.progress(`only ${most} clients are held: ulimit -n allows no more`);
  figures.push(await hold(service, Math.min(HELD, most), bench));
  return figures;
}

async function kilobytesPerClient(contender: Contender, { progress }: FanoutBench): Promise<number> {
  await contender.forget();
  const requests = Array.from({ length: JOBS }, (_, n) => contender.request(`idle-${n}`));
  const connect = (clients: number) => Readers.connect({ port: contender.port, requests, clients });
  await (await connect(FIRST_CLIENTS)).finish();
  await rest();
  const before = memoryOfTree(contender.pid);
  await using _readers = await connect(CLIENTS);
  await rest();
  const each = (memoryOfTree(contender.pid) - before) / CLIENTS / 1_000;
  progress(`${contender.name}: ${each.toFixed(1)} KB for each of ${CLIENTS} idle clients`);
  return each;
}

/** All stay connected, and a line reaches every one of them. */
async function hold(service: Contender, clients: number, { progress }: FanoutBench): Promise<Figure> {
  await service.forget();
  const lines = new JobLines("held");
  const requests = [service.request(lines.jobId)];
  await using readers = await Readers.connect({ port: service.port, requests, clients });
  await rest();
  const before = readers.report.events;
  const begin = performance.now();
  await service.publish(lines.jobId, lines.take(1));
  while (readers.report.events < before + clients && performance.now() - begin < 10_000) await readers.next();
  const { open, closed, events } = readers.report;
  const reached = Math.min(open - closed, events - before);
  progress(`${reached} idle clients got a line within ${(performance.now() - begin).toFixed(0)} ms`);
  return {
    name: "idle clients held, and then reached by a line",
    unit: "clients",
    ours: reached,
    baseline: { name: "wanted", value: HELD },
    ratio: reached / HELD,
    target: 1,
    how: "measured",
  };
}

/** Descriptors that a child of ours may open. */
async function openFiles(): Promise<number> {
  const { stdout } = await new Deno.Command("/bin/sh", { args: ["-c", "ulimit -n"] }).output();
  const limit = new TextDecoder().decode(stdout).trim();
  return limit === "unlimited" ? Infinity : Number(limit);
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REST_MS));
}
