/**
 * The system's answers over HTTP, asked until there is one.
 *
 * @module
 */
import { sleep } from "lib/run/sleep.ts";
import type { FinalAnswers } from "../observations.ts";

/** Longest time for one try, and pause before the next (ms). */
const TRY_MS = 5_000;
const AGAIN_MS = 200;
/** Lines of one page: as many as may be asked for at once. */
const PAGE = 10_000;

/** A JSON answer; null for a 404, and if `signal` aborts before there is one. */
export async function ask(url: string, signal: AbortSignal): Promise<Record<string, unknown> | null> {
  while (!signal.aborted) {
    try {
      const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(TRY_MS)]) });
      const text = await answer.text();
      if (answer.status === 200) return JSON.parse(text);
      if (answer.status === 404) return null;
    } catch { /* away */ }
    await sleep(AGAIN_MS, signal);
  }
  return null;
}

/** All lines of a job's log, page by page; null if `signal` aborts first. */
export async function readLog(url: string, jobId: string, signal: AbortSignal): Promise<unknown[] | null> {
  const lines: unknown[] = [];
  for (;;) {
    const page = await ask(`${url}/logs/${jobId}/history?limit=${PAGE}&offset=${lines.length}`, signal);
    if (page === null || !Array.isArray(page.lines)) return null;
    lines.push(...page.lines);
    if (page.lines.length === 0 || lines.length >= Number(page.total)) return lines;
  }
}

/** Everything that is answered about a job. */
export async function readAnswers(url: string, jobId: string, signal: AbortSignal): Promise<FinalAnswers> {
  const workflow = await ask(`${url}/api/jobs/${jobId}/workflow`, signal);
  const history = await ask(`${url}/api/jobs/${jobId}/status/history`, signal);
  const logs = await readLog(url, jobId, signal);
  return { jobId, workflow, statuses: (history?.statuses ?? []) as unknown[], logs: logs ?? [] };
}
