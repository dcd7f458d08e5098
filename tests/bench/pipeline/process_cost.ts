/**
 * What processes cost, as Linux counts it.
 *
 * @module
 */

/** Clock ticks of `/proc/<pid>/stat` per second: the same on every Linux of today. */
const TICKS = 100;

/** Processor time (s) that a process has used so far, in itself or for it; ended children included. */
export function cpuSeconds(pid: number): number {
  const fields = statOf(pid);
  return (Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14])) / TICKS;
}

/** The same of a process and all that descend from it: of a server with a process per connection. */
export function cpuSecondsOfTree(pid: number): number {
  let sum = cpuSeconds(pid);
  for (const { name } of Deno.readDirSync("/proc")) {
    const child = Number(name);
    if (!Number.isInteger(child)) continue;
    try {
      if (Number(statOf(child)[1]) === pid) sum += cpuSecondsOfTree(child);
    } catch { /* it has ended meanwhile */ }
  }
  return sum;
}

/** Memory in use (bytes, resident set). */
export function residentBytes(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1];
  return Number(kib) * 1_024;
}

/** Fields after the name, which may hold anything: [0] is the state, [1] the parent. */
function statOf(pid: number): string[] {
  const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}
