/**
 * Memory of a server that may consist of several processes.
 *
 * @module
 */

/**
 * Memory (bytes) of a process and its children in RAM; what they share counts once (Linux's proportional set size,
 * which for a single process is its resident set without what other programs map as well).
 */
export function memoryOfTree(pid: number): number {
  const own = /^Pss:\s+(\d+) kB/m.exec(Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`))?.[1];
  const children = Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).split(" ").filter(Boolean);
  return children.reduce((sum, child) => sum + memoryOfTree(Number(child)), Number(own) * 1_024);
}
