/**
 * What waits in the database, for whoever tells figures. Several processes may tell the same.
 *
 * @module
 */
import type { Metrics } from "../run/metrics.ts";
import type { Sql } from "./open.ts";

/** Rows are counted up to here: a look costs the same however much waits. */
const MOST = 100_000;

/** What waits. */
export interface Backlog {
  /** Events that must still go out, and how long the first of them has waited (s). */
  readonly outbox: number;
  readonly oldest: number;
  /** Workflows that go on, and those of them whose cleanup waits for something. */
  readonly running: number;
  readonly held: number;
}

/** Looks what waits. */
export async function backlog(sql: Sql): Promise<Backlog> {
  const [row] = await sql`
    SELECT waiting.count AS outbox, COALESCE(extract(epoch FROM now() - waiting.since), 0)::float8 AS oldest,
      flows.running, flows.held
    FROM (
      SELECT count(*)::int AS count, min(created_at) AS since
      FROM (SELECT created_at FROM job_outbox WHERE published_at IS NULL ORDER BY id LIMIT ${MOST}) AS rows
    ) AS waiting, (
      SELECT count(*)::int AS running, count(held)::int AS held
      FROM (SELECT held FROM job_workflow WHERE status = 'running' LIMIT ${MOST}) AS rows
    ) AS flows`;
  return {
    outbox: Number(row?.outbox),
    oldest: Number(row?.oldest),
    running: Number(row?.running),
    held: Number(row?.held),
  };
}

/** Adds it; while the database is away the figures are left out. */
export function addBacklogMetrics(metrics: Metrics, sql: Sql): void {
  const gauges = {
    outbox: metrics.gauge("chris_outbox_backlog", `Events that must still go out (up to ${MOST}).`),
    oldest: metrics.gauge("chris_outbox_oldest_seconds", "How long the first of these has waited (s)."),
    running: metrics.gauge("chris_workflows_running", `Workflows that go on (up to ${MOST}).`),
    held: metrics.gauge("chris_cleanups_held", "Workflows whose cleanup waits for something."),
  };
  const up = metrics.gauge(
    "chris_backlog_up",
    "Whether the figures of what waits in the database could be had.",
  );
  metrics.onRead(async () => {
    up.set(0);
    for (const gauge of Object.values(gauges)) gauge.remove();
    const found = await backlog(sql);
    for (const [name, gauge] of Object.entries(gauges)) gauge.set(found[name as keyof Backlog]);
    up.set(1);
  });
}
