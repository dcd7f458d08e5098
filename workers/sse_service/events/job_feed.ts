/**
 * A job's live events for all of its clients. Those of the same kinds that have caught up and stand at the same place
 * are one audience: what is news is decided once for it, an event is written once, and what belongs to one moment is
 * one chunk of bytes that all of them share. Who stands elsewhere, as when Redis lost what only some were told, is in
 * an audience of its own. Those that still read history get the bare entries into their mailboxes.
 *
 * @module
 */
import { type OpenSpan, openSpan } from "lib/run/trace.ts";
import { FIRST_ENTRY_ID } from "lib/stream/entry_id.ts";
import type { SseMetrics } from "../operations/sse_metrics.ts";
import type { Entry } from "./entry.ts";
import { asBytes, sseEvent } from "./event_stream.ts";
import { Mailbox } from "./mailbox.ts";
import type { Kind } from "./position.ts";
import type { Progress } from "./progress.ts";

/** A client that has caught up. */
export interface Member {
  readonly kinds: ReadonlySet<Kind>;
  /** Takes a chunk; false if the client does not keep up: it is no member any more then. */
  take(chunk: Uint8Array): boolean;
  /** It must go on from history, after the event of this id, and is no member any more. */
  leave(lastId: string): void;
}

/** Clients of the same kinds that have come equally far, and what is about to be sent to them. */
interface Audience {
  readonly kinds: ReadonlySet<Kind>;
  readonly progress: Progress;
  /** See {@linkcode Progress.standing}; null as long as nobody asked since the last entry. */
  standing: string | null;
  readonly members: Set<Member>;
  text: string;
  events: number;
  /** Id of the last event in `text`, and of the last one sent. */
  nextId: string;
  lastId: string;
}

/** What a feed is given. */
export interface JobFeedOptions {
  /** See {@linkcode Mailbox.capacity}. */
  readonly mailboxCapacity?: number | undefined;
  readonly metrics?: SseMetrics | undefined;
}

/** What waits is sent at once beyond this many characters. */
const FULL = 131_072;

/** See the module's description. */
export class JobFeed {
  /** Clients that hold on to the feed: members, and others. */
  clients = 0;
  /**
   * Of each stream, the newest entry of this job that was handed out, by the id under which it was added last; or a
   * later one, of other jobs, where the feed began. What was read up to there is all there is of the job up to the
   * hub's tips, however much other jobs write, and stays so until an entry moves this on. That holds because
   * - an entry moves it before anybody is given the entry, also while the feed is idle: who opened a mailbox before it
   *   asked has in there what comes after;
   * - whatever changes the answer later comes as an entry: confirmations, workflow events and statuses sent again get
   *   a new one, and so does what is put back from the dead letters, whose old place does not count here;
   * - whoever records or stores an entry takes nothing from the answer: it was there, from the stream;
   * - a feed begins, and after a loss goes on, at the hub's tips, which no answer from before reaches unless it is
   *   as good; answers of another generation are not asked for.
   * Only what was committed and has not gone out yet may be missing, which is why an end found before somebody asked is not told him.
   */
  readonly newest: Record<Kind, string> = {
    status: FIRST_ENTRY_ID,
    logs: FIRST_ENTRY_ID,
    workflow: FIRST_ENTRY_ID,
  };
  readonly #audiences = new Set<Audience>();
  readonly #mailboxes = new Set<Mailbox>();

  /** Spans of the traced events that wait to be sent. */
  #spans: (OpenSpan | null)[] = [];
  readonly #options: JobFeedOptions;

  constructor(readonly jobId: string, options: JobFeedOptions = {}) {
    this.#options = options;
  }

  /** Whether anybody is there to be told. */
  get idle(): boolean {
    return this.#mailboxes.size === 0 && this.#audiences.size === 0;
  }

  /** Begins to collect entries for a client. */
  open(): Mailbox & Disposable {
    const mailbox = new Mailbox(this.#options.mailboxCapacity);
    this.#mailboxes.add(mailbox);
    return Object.assign(mailbox, { [Symbol.dispose]: () => void this.#mailboxes.delete(mailbox) });
  }

  /** Makes a client a member that has come as far as `progress`, which is the feed's from then on. */
  join(member: Member, progress: Progress): void {
    this.flush();
    const { kinds } = member;
    const standing = progress.standing(kinds);
    for (const audience of this.#audiences) {
      if (audience.kinds.size !== kinds.size || !audience.kinds.isSubsetOf(kinds)) continue;
      audience.standing ??= audience.progress.standing(kinds);
      if (audience.standing === standing) return void audience.members.add(member);
    }
    const id = progress.id(kinds);
    this.#audiences.add({
      ...{ kinds, progress, standing },
      ...{ members: new Set([member]), text: "", events: 0, nextId: id, lastId: id },
    });
  }

  /** Forgets a member. */
  remove(member: Member): void {
    for (const audience of this.#audiences) {
      if (audience.members.delete(member)) return this.#dropIfEmpty(audience);
    }
  }

  /** Takes a new entry. */
  push(entry: Entry): void {
    for (const mailbox of this.#mailboxes) mailbox.offer(entry);
    let sent = false;
    for (const audience of this.#audiences) if (this.#tell(audience, entry)) sent = true;
    if (!sent || !entry.traceparent) return;
    const attributes = { kind: entry.kind };
    this.#spans.push(openSpan("send event", { parent: entry.traceparent, attributes }));
  }

  /** Sends what waits to be sent. */
  flush(): void {
    for (const audience of this.#audiences) this.#send(audience);
    for (const span of this.#spans.splice(0)) span?.end({ job_id: this.jobId });
  }

  /** Sends every client back to history: live entries cannot be counted on alone. */
  scatter(): void {
    this.flush();
    for (const audience of this.#audiences) this.#dismiss(audience);
    for (const mailbox of this.#mailboxes) mailbox.giveUp();
  }

  /** Whether the entry will be sent to the audience. */
  #tell(audience: Audience, entry: Entry): boolean {
    const { kinds, progress } = audience;
    const wanted = kinds.has(entry.kind);
    if (!wanted && entry.kind !== "workflow") return false; // which tells the end, also to those who do not see it
    const found = progress.look(entry, "stream");
    if (typeof found === "object") { // history may have what is missing
      this.#dismiss(audience);
      return false;
    }
    progress.pass(entry, found === "news");
    audience.standing = null;
    const told = wanted && found === "news";
    if (told) {
      audience.nextId = progress.id(kinds);
      audience.text += sseEvent(entry.kind, audience.nextId, entry.data);
      audience.events++;
      if (audience.text.length > FULL) this.#send(audience);
    }
    if (progress.over) this.#dismiss(audience); // each tells the end once it has read everything up to it
    return told;
  }

  /** Sends every member back to history, after what waits to be sent. */
  #dismiss(audience: Audience): void {
    this.#send(audience);
    this.#audiences.delete(audience);
    for (const member of audience.members) member.leave(audience.lastId);
  }

  #send(audience: Audience): void {
    if (audience.text === "") return;
    const chunk = asBytes(audience.text);
    const { members, events } = audience;
    this.#options.metrics?.sent(events * members.size, chunk.byteLength * members.size);
    audience.text = "";
    audience.events = 0;
    for (const member of audience.members) {
      if (member.take(chunk)) continue;
      audience.members.delete(member);
      member.leave(audience.lastId);
    }
    audience.lastId = audience.nextId;
    this.#dropIfEmpty(audience);
  }

  #dropIfEmpty(audience: Audience): void {
    if (audience.members.size === 0) this.#audiences.delete(audience);
  }
}
