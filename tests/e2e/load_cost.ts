/**
 * What loading a job costs the page's main thread, told apart from what other processes of the machine cost it.
 *
 * @module
 */
import type { Browser } from "playwright-core";
import type { WatchedPage } from "./browser.ts";
import { connection } from "./job_page.ts";

/** Cost of one load, in ms. */
export interface LoadCost {
  /** Longest task by the page's own PerformanceObserver: time on the clock. */
  readonly longestTask: number;
  /** Longest task by processor time. */
  readonly longestCpu: number;
  /** Time on the clock per processor time of all tasks: 1 on an idle machine. */
  readonly slowdown: number;
}

/** A trace event, as far as it is looked at; times in µs. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Loads the page of a finished job anew, whole log and all, and measures it. */
export async function loadCost(browser: Browser, { page, smoothness }: WatchedPage): Promise<LoadCost> {
  const session = await browser.newBrowserCDPSession();
  const events: TraceEvent[] = [];
  const complete = Promise.withResolvers<void>();
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value as unknown as TraceEvent[]));
  session.on("Tracing.tracingComplete", () => complete.resolve());
  await session.send("Tracing.start", { traceConfig: { includedCategories: ["toplevel", "__metadata"] } });
  await page.reload();
  await connection(page, "ended");
  const { longestTask } = await smoothness();
  await session.send("Tracing.end");
  await complete.promise;
  await session.detach();
  const tasks = mainThreadTasks(events);
  const sum = (of: (task: TraceEvent) => number) => tasks.reduce((total, task) => total + of(task), 0);
  return {
    longestTask,
    longestCpu: Math.max(...tasks.map((task) => task.tdur ?? 0)) / 1000,
    slowdown: Math.max(1, sum((task) => task.dur ?? 0) / sum((task) => task.tdur ?? 0)),
  };
}

function mainThreadTasks(events: readonly TraceEvent[]): TraceEvent[] {
  const thread = ({ pid, tid }: TraceEvent) => `${pid}:${tid}`;
  const main = new Set(
    events.filter(({ ph, args }) => ph === "M" && args?.name === "CrRendererMain").map(thread),
  );
  return events.filter((event) =>
    event.name.endsWith("RunTask") && event.ph === "X" && main.has(thread(event))
  );
}
