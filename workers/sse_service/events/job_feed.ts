/**
 * A job's live events for all of its clients. Those that have caught up stand at the same place, so what is news is
 * decided once, an event is written once for all clients of the same kinds, and what belongs to one moment is one
 * chunk of bytes that all of them share. Those that still read history get the bare entries into their mailboxes.
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

/** Clients of the same kinds, and what is about to be sent to them. */
interface Audience {
  readonly kinds: ReadonlySet<Kind>;
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
  /** How far its members have come; null as long as there were none. */
  #progress: Progress | null = null;
  readonly #audiences = new Map<string, Audience>();
  readonly #mailboxes = new Set<Mailbox>();

  /** Spans of the traced events that wait to be sent. */
  #spans: (OpenSpan | null)[] = [];
  readonly #options: JobFeedOptions;

  constructor(readonly jobId: string, options: JobFeedOptions = {}) {
    this.#options = options;
  }

  /** Whether anybody is there to be told. */
  get idle(): boolean {
    return this.#mailboxes.size === 0 && this.#progress === null;
  }

  /** Begins to collect entries for a client. */
  open(): Mailbox & Disposable {
    const mailbox = new Mailbox(this.#options.mailboxCapacity);
    this.#mailboxes.add(mailbox);
    return Object.assign(mailbox, { [Symbol.dispose]: () => void this.#mailboxes.delete(mailbox) });
  }

  /**
   * Makes a client a member that stands at the same place; false if what is news to the others is not yet what is news
   * to it. `tips`: the entries handed out last.
   */
  join(member: Member, progress: Progress, tips: Readonly<Record<Kind, string>>): boolean {
    this.flush();
    this.#progress ??= progress.shared(tips);
    if (!progress.joins(this.#progress, member.kinds)) return false;
    const key = keyOf(member.kinds);
    let audience = this.#audiences.get(key);
    if (!audience) {
      const id = this.#progress.id(member.kinds);
      audience = { kinds: member.kinds, members: new Set(), text: "", events: 0, nextId: id, lastId: id };
      this.#audiences.set(key, audience);
    }
    audience.members.add(member);
    return true;
  }

  /** Forgets a member. */
  remove(member: Member): void {
    const audience = this.#audiences.get(keyOf(member.kinds));
    if (audience?.members.delete(member) && audience.members.size === 0) this.#drop(audience);
  }

  /** Takes a new entry. */
  push(entry: Entry): void {
    for (const mailbox of this.#mailboxes) mailbox.offer(entry);
    const progress = this.#progress;
    if (!progress) return;
    const found = progress.look(entry, "stream");
    if (typeof found === "object") return this.scatter(); // history may have what is missing
    progress.pass(entry, found === "news");
    if (found === "old") return;
    if (entry.traceparent) {
      this.#spans.push(
        openSpan("send event", { parent: entry.traceparent, attributes: { kind: entry.kind } }),
      );
    }
    for (const audience of this.#audiences.values()) {
      if (!audience.kinds.has(entry.kind)) continue;
      audience.nextId = progress.id(audience.kinds);
      audience.text += sseEvent(entry.kind, audience.nextId, entry.data);
      audience.events++;
      if (audience.text.length > FULL) this.#send(audience);
    }
    if (progress.over) this.scatter(); // each tells the end once it has read everything up to it
  }

  /** Sends what waits to be sent. */
  flush(): void {
    for (const audience of this.#audiences.values()) this.#send(audience);
    for (const span of this.#spans.splice(0)) span?.end({ job_id: this.jobId });
  }

  /** Sends every client back to history: live entries cannot be counted on alone. */
  scatter(): void {
    this.flush();
    const audiences = [...this.#audiences.values()];
    this.#audiences.clear();
    this.#progress = null;
    for (const { members, lastId } of audiences) for (const member of members) member.leave(lastId);
    for (const mailbox of this.#mailboxes) mailbox.giveUp();
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
    if (audience.members.size === 0) this.#drop(audience);
  }

  #drop(audience: Audience): void {
    this.#audiences.delete(keyOf(audience.kinds));
    if (this.#audiences.size === 0) this.#progress = null;
  }
}

function keyOf(kinds: ReadonlySet<Kind>): string {
  return [...kinds].sort().join();
}
