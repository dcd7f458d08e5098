import { startPosition } from "./position.ts";
import { Progress } from "./progress.ts";
import type { SessionContext, SessionRequest } from "./session.ts";
import { tailStart } from "./tail_start.ts";

/** How long after its beginning a generation may still see things told again (ms). */
const UNSETTLED_MS = 600_000;

/** Where a client begins: where it says it stands, so many lines before now, or before everything. */
export async function beginning(
  { hub, sources }: Pick<SessionContext, "hub" | "sources">,
  { position, tail, jobId, kinds }: SessionRequest,
): Promise<Progress> {
  const { id, ageMs } = hub.generation;
  if (position) {
    // Within one quiet generation, entry ids alone tell what is news; only the last line is of use to know.
    const settled = position.generation === id && ageMs > UNSETTLED_MS;
    const marks = settled ? new Map([...position.marks].slice(-1)) : position.marks;
    return new Progress({ ...position, marks }, { claimed: true, complete: false });
  }
  const start = startPosition(id);
  if (tail === null || !kinds.has("logs")) return new Progress(start, { claimed: true, complete: true });
  const stream = hub.streamOf("logs", jobId);
  const logs = await tailStart(sources, jobId, { lines: tail, stream, tip: hub.tips(jobId).logs });
  return new Progress({ ...start, logs }, { claimed: true, complete: false });
}
