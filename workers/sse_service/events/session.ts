/**
 * One client's stream: history, then live, nothing twice and nothing left out (architecture.md §5.5).
 *
 * A pass opens a mailbox, then reads history up to where the mailbox begins, then empties the mailbox, and then the
 * client becomes a member of its job's feed, which costs next to nothing. Whatever disturbs that (a client that does
 * not keep up, a mailbox that overflows, a Redis that lost entries, lines that are missing) ends in another pass from
 * where the client stands. The end is told by a pass that began when the workflow was over, and during which Redis lost
 * nothing: all lines were stored then, and it has read them.
 *
 * @module
 */
import { backoffMs } from "lib/run/backoff.ts";
import type { Logger } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { redisCall } from "lib/stream/redis_script.ts";
import { lastEntryId } from "lib/stream/tail.ts";
import type { SseMetrics } from "../operations/sse_metrics.ts";
import { beginning } from "./beginning.ts";
import { ClientStream } from "./client_stream.ts";
import type { Client, Clients } from "./clients.ts";
import { EventWriter } from "./event_writer.ts";
import { asBytes, PREAMBLE, sseEvent } from "./event_stream.ts";
import { type HistorySources, type JobHistory, jobHistory, merged, reaches } from "./history.ts";
import type { Hub } from "./hub.ts";
import type { JobFeed, Member } from "./job_feed.ts";
import { logPages, noPages } from "./log_pages.ts";
import type { Mailbox } from "./mailbox.ts";
import { type Kind, parsePosition, type Position, startPosition } from "./position.ts";
import { Progress } from "./progress.ts";
import type { SharedReads } from "./shared_reads.ts";

/** What every session needs. */
export interface SessionContext {
  readonly hub: Hub;
  readonly clients: Clients;
  readonly reads: SharedReads;
  readonly sources: HistorySources;
  /** Most that waits for one client (bytes), but for one chunk more. @default DEFAULT_BUFFER_BYTES */
  readonly bufferBytes?: number;
  readonly metrics?: SseMetrics;
  readonly log: Logger;
}

/** What one client asked for. */
export interface SessionRequest {
  readonly jobId: string;
  /** What is to be sent; the workflow is followed in any case, as it tells the end. */
  readonly kinds: ReadonlySet<Kind>;
  /** Where the client says it stands; null if it is to begin. */
  readonly position: Position | null;
  /** Of a client that begins: how many lines before now it wants; null for all. */
  readonly tail: number | null;
  /** When the stream has to end (ms since 1970). @default Infinity */
  readonly expiresAtMs?: number | undefined;
}

/** Pause between two reads of one job's statuses (ms). */
const SPACING_MS = 50;

/** See the module's description. */
export class Session implements Client, Member {
  readonly kinds: ReadonlySet<Kind>;
  readonly expiresAtMs: number;
  sentAt = 0;
  readonly #context: SessionContext;
  readonly #request: SessionRequest;
  readonly #out: ClientStream;
  readonly #feed: JobFeed;
  #caughtUp = false;
  #closed = false;
  readonly #writer: EventWriter;
  /** Aborts what the present passes wait for; null while there are none. */
  #passing: AbortController | null = null;

  /** Begins to send. */
  constructor(context: SessionContext, request: SessionRequest) {
    this.#context = context;
    this.#request = request;
    this.kinds = request.kinds;
    this.expiresAtMs = request.expiresAtMs ?? Infinity;
    this.#out = new ClientStream(() => this.close(), context.bufferBytes);
    this.#writer = new EventWriter(this.#out, request, context.metrics);
    this.#feed = context.hub.enter(request.jobId, context.metrics);
    this.#out.send(PREAMBLE);
    context.clients.add(this);
    if (!this.#closed) this.#follow(() => beginning(context, request, this.#feed));
  }

  /** What the client gets. */
  get body(): ReadableStream<Uint8Array> {
    return this.#out.body;
  }

  /** See {@linkcode Member.take}. */
  take(chunk: Uint8Array): boolean {
    this.sentAt = this.#context.clients.now;
    return this.#out.send(chunk);
  }

  /** See {@linkcode Member.leave}: goes on as if it had come back. */
  leave(lastId: string): void {
    const position = parsePosition(lastId) ?? startPosition(this.#context.hub.generation);
    const progress = new Progress(position, { complete: false });
    if (this.#closed) return;
    this.#context.metrics?.fellBehind();
    this.#follow(() => Promise.resolve(progress));
  }

  /** See {@linkcode Client.beat}. */
  beat(chunk: Uint8Array): void {
    if (this.#out.waiting === 0) this.#out.send(chunk);
  }

  /** See {@linkcode Client.close}. */
  close(last?: Uint8Array): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#passing?.abort();
    this.#feed.remove(this);
    this.#context.hub.leave(this.#feed);
    this.#context.clients.remove(this);
    this.#out.close(last);
  }

  /** Passes until the client is a member of its feed, or gone; never rejects. */
  async #follow(begin: () => Promise<Progress>): Promise<void> {
    const passing = this.#passing = new AbortController();
    let progress: Progress | null = null;
    for (let outages = 0, done = false; !done && !this.#closed;) {
      try {
        await this.#context.hub.started;
        progress ??= await begin();
        await this.#out.ready();
        done = await this.#pass(progress, passing.signal);
        outages = 0;
      } catch (error) {
        if (!(error instanceof OutageError)) {
          this.#context.log.error(
            { error, job_id: this.#request.jobId },
            "cannot go on with a client's stream",
          );
          return this.close();
        }
        await sleep(backoffMs(++outages), passing.signal);
      }
    }
    if (this.#passing === passing) this.#passing = null;
  }

  /** From where the client stands to live, or to the end; false if another pass is needed. */
  async #pass(progress: Progress, signal: AbortSignal): Promise<boolean> {
    using mailbox = this.#feed.open();
    this.#context.metrics?.historyRead();
    progress.beginPass(this.#context.hub.generation);
    const history = await this.#history();
    progress.recall(history.workflowIds);
    const over = progress.over = history.over;
    await this.#sendHistory(progress, history, over, signal);
    if (!this.#caughtUp && !mailbox.overflowed && !this.#closed) {
      this.#caughtUp = true;
      await this.#writer.text(sseEvent("caught-up", progress.id(this.kinds), "{}"));
    }
    if (over) {
      await this.#reachLogEnd(signal);
      await this.#context.hub.look(); // a loss is noticed now or never: nothing comes after the end
    }
    return await this.#goLive(progress, mailbox, over);
  }

  /** Statuses and workflow, once for all who ask before anything new comes of the job (`JobFeed.newest`). */
  async #history(): Promise<JobHistory> {
    const { hub, reads, sources } = this.#context;
    const { jobId, position } = this.#request;
    const newest = { ...this.#feed.newest };
    // Who was told the end is here again because something followed it: an older answer may not know that.
    const known = position?.ended ? position.workflowEvents : -1;
    return await reads.get<JobHistory>(`history of ${jobId} as of ${hub.generation}`, {
      enough: (history, agedMs) =>
        reaches(history.tips, newest) && history.workflowIds.length > known &&
        // That the workflow is over must have been found after this was asked: a retry, once accepted, is not overlooked.
        !(history.over && agedMs > 0),
      read: () => jobHistory(sources, jobId, hub.tips(jobId)),
      spacingMs: SPACING_MS,
    });
  }

  async #sendHistory(
    progress: Progress,
    { entries, workflowIds }: JobHistory,
    over: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const { hub, reads, sources } = this.#context;
    const { jobId } = this.#request;
    const logs = !this.kinds.has("logs") ? noPages() : logPages(sources, reads, {
      jobId,
      stream: hub.streamOf("logs", jobId),
      after: progress.at("logs"),
      asOf: `${hub.generation}${over ? ` over by ${workflowIds.length}` : ""}`,
      until: this.#feed.newest.logs,
      tip: () => hub.tips(jobId).logs,
      signal,
    });
    for await (const { entries: page, from } of merged(entries, logs)) {
      if (signal.aborted) return;
      await this.#writer.entries(progress, page, from);
    }
  }

  /** Empties the mailbox and becomes a member of the feed, or tells the end. False if another pass is needed. */
  async #goLive(progress: Progress, mailbox: Mailbox, over: boolean): Promise<boolean> {
    while (!this.#closed) {
      const entries = mailbox.take();
      if (mailbox.overflowed) this.#context.metrics?.fellBehind();
      if (mailbox.overflowed || !await this.#writer.entries(progress, entries, "live")) return false;
      if (entries.length > 0) continue;
      if (over && progress.over) {
        this.close(asBytes(sseEvent("end", progress.id(this.kinds, { ended: true }), "{}")));
        return true;
      }
      if (!progress.over) this.#feed.join(this, progress);
      return !progress.over;
    }
    return true;
  }

  async #reachLogEnd(signal: AbortSignal): Promise<void> {
    const { hub, sources } = this.#context;
    const { jobId } = this.#request;
    const stream = hub.streamOf("logs", jobId);
    const entryId = await redisCall("look for the end of the log", () => lastEntryId(sources.redis, stream));
    await hub.passed("logs", jobId, { entryId, signal });
  }
}
