/**
 * What a client of the event streams asks for, and what it gets (http.md).
 *
 * @module
 */
import { z } from "@hono/zod-openapi";
import { LogEvent } from "lib/event/log.ts";
import { JobType, StatusEvent } from "lib/event/status.ts";
import { WorkflowEvent } from "lib/event/workflow.ts";
import { JobPath } from "../http/schemas.ts";

/** Which of a job's events a stream carries. */
export const EventsPath = JobPath.extend({
  kind: z.enum(["status", "logs", "workflow", "all"]).openapi({ param: { name: "kind", in: "path" } }),
});

/** What a client says it saw last; an id with a number that no entry can have counts as none. */
const possible = (id: string) => /-\d{16}/.test(id) ? undefined : id;

/** More than the longest position (`position.ts`). */
const MAX_ID_LENGTH = 2_048;

/** Where a stream begins. */
export const EventsQuery = z.object({
  last_event_id: z.string().max(MAX_ID_LENGTH).transform(possible).optional().openapi({
    type: "string",
    maxLength: MAX_ID_LENGTH,
    description:
      "Id of the last event seen, for clients that cannot set the header `Last-Event-ID`, which wins",
  }),
  tail: z.string().regex(/^\d{1,7}$/, "must be a number of lines, 0 to 9999999").transform(Number).optional()
    .openapi({
      description: "Begin so many lines before now; without it, and for who resumes, nothing is left out",
      type: "integer",
      minimum: 0,
      maximum: 9_999_999,
    }),
});

/** Where a stream goes on: sent by every EventSource that comes back. Ids of other services count as none. */
export const EventsHeaders = z.object({
  "Last-Event-ID": z.string().transform(possible).optional().openapi({
    type: "string",
    description: "Id of the last event seen",
  }),
});

/** What the streams say, by the name of the event: its `data`, which is JSON on one line. */
const DATA = {
  status: StatusEvent.extend({
    updated_at: z.iso.datetime({ offset: true }).optional().openapi({
      description: "The same as `timestamp`, on what comes from history",
    }),
  }),
  logs: LogEvent,
  workflow: WorkflowEvent,
  gap: z.object({
    from: z.int().openapi({ description: "`seq` of the first line that cannot be had any more" }),
    to: z.int().openapi({ description: "`seq` of the last one" }),
    job_type: JobType,
    reason: z.string(),
  }),
  "caught-up": z.object({}).openapi({ description: "History is over, what follows is live; told once" }),
  end: z.object({}).openapi({ description: "The workflow is over and everything was sent; the stream ends" }),
};

/** Any event of a stream, with its fields as an EventSource gives them. */
export const StreamedEvent = z.discriminatedUnion("event", [
  streamed("status", "StreamedStatus"),
  streamed("logs", "StreamedLine"),
  streamed("workflow", "StreamedWorkflow"),
  streamed("gap", "StreamedGap"),
  streamed("caught-up", "StreamedCaughtUp"),
  streamed("end", "StreamedEnd"),
]).openapi("StreamedEvent");

function streamed<Name extends keyof typeof DATA>(event: Name, refId: string) {
  const id = z.string().openapi({ description: "Where the client stands: what it resumes with" });
  return z.object({ event: z.literal(event), id, data: DATA[event] }).openapi(refId);
}
