/**
 * A job's log as one text, page after page as fast as the client reads it.
 *
 * @module
 */
import type { LogEvent } from "lib/event/log.ts";
import type { LogRange, LogStore, StoredLog } from "lib/log_store/log_store.ts";
import { backoffMs } from "lib/run/backoff.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";

/** Outages in a row that a download waits through; then it is cut, which the client can tell from an end. */
const MAX_OUTAGES = 6;

/** What is downloaded. */
export interface DownloadRequest extends Pick<LogRange, "jobType" | "stream"> {
  readonly jobId: string;
  /** Whether each line begins with its time. */
  readonly timestamps: boolean;
}

/**
 * The text as bytes. Resolves once the first page is there, so that a store that is away can still be told by a
 * status; afterwards the log is read when the client wants more, and no further once it is gone.
 *
 * @throws {OutageError}
 */
export async function download(
  logStore: Pick<LogStore, "read">,
  request: DownloadRequest,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const gone = new AbortController();
  const pages = steadyPages(logStore, request, gone.signal);
  const encoder = new TextEncoder();
  let first: IteratorResult<StoredLog[]> | null = await pages.next();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = first ?? await pages.next();
      first = null;
      if (done) controller.close();
      else controller.enqueue(encoder.encode(textOf(value, request.timestamps)));
    },
    async cancel() {
      gone.abort();
      await pages.return(undefined);
    },
  }, { highWaterMark: 0 });
}

/** The name of the file: job ids are letters, digits, `.`, `_` and `-` (`lib/job/job_id.ts`), and so is this. */
export function fileName({ jobId, jobType, stream }: DownloadRequest): string {
  return `${[jobId, jobType, stream].filter((part) => part !== undefined).join("-")}.log`;
}

/** Pages of the log; an outage in between is waited through, as what was read says where to go on. */
async function* steadyPages(
  logStore: Pick<LogStore, "read">,
  { jobId, jobType, stream }: DownloadRequest,
  signal: AbortSignal,
): AsyncGenerator<StoredLog[], undefined> {
  const filter = {
    ...(jobType === undefined ? {} : { jobType }),
    ...(stream === undefined ? {} : { stream }),
  };
  let after: string | undefined;
  for (let outages = 0; !signal.aborted;) {
    try {
      const range = after === undefined ? filter : { ...filter, after };
      for await (const page of logStore.read(jobId, range, { signal })) {
        after = page.at(-1)?.entryId ?? after;
        outages = 0;
        yield page;
      }
      return;
    } catch (error) {
      if (!(error instanceof OutageError) || after === undefined || ++outages > MAX_OUTAGES) throw error;
      await sleep(backoffMs(outages), signal);
    }
  }
}

function textOf(page: readonly StoredLog[], timestamps: boolean): string {
  const prefix = ({ timestamp }: LogEvent) => timestamps ? `${timestamp} ` : "";
  return page.map(({ event }) => `${prefix(event)}${event.line}\n`).join("");
}
