import { compareEntryIds } from "lib/stream/entry_id.ts";
import type { JobFeed } from "./job_feed.ts";
import { startPosition } from "./position.ts";
import { Progress } from "./progress.ts";
import type { SessionContext, SessionRequest } from "./session.ts";
import type { Shareable } from "./shared_reads.ts";
import { tailStart } from "./tail_start.ts";

/** After which entry the last lines up to `tip` begin. */
interface TailStart extends Shareable {
  readonly tip: string;
  readonly logs: string;
}

/** How old the place of the last lines may be (ms). */
const FRESH_MS = 2_000;

/** Where a client begins: where it says it stands, so many lines before now, or before everything. */
export async function beginning(
  { hub, sources, reads }: Pick<SessionContext, "hub" | "sources" | "reads">,
  { position, tail, jobId, kinds }: SessionRequest,
  { newest }: Pick<JobFeed, "newest">,
): Promise<Progress> {
  if (position) return new Progress(position, { complete: false });
  const start = startPosition(hub.generation);
  if (tail === null || !kinds.has("logs")) return new Progress(start, { complete: true });
  const stream = hub.streamOf("logs", jobId);
  const until = newest.logs;
  const { logs } = await reads.get<TailStart>(`last ${tail} lines of ${jobId} as of ${hub.generation}`, {
    enough: ({ tip }, agedMs) => agedMs < FRESH_MS && compareEntryIds(tip, until) >= 0,
    read: async () => {
      const tip = hub.tips(jobId).logs;
      return { tip, logs: await tailStart(sources, jobId, { lines: tail, stream, tip }), bytes: 200 };
    },
  });
  return new Progress({ ...start, logs }, { complete: false });
}
