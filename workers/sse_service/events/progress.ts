/**
 * How far one reader of a job's events has come, and what is news to it. A client has one while it catches up; those
 * of a job that have caught up and stand at the same place share one (`job_feed.ts`).
 *
 * Within one life of Redis's streams, an entry is news if it lies behind the position of its stream. When Redis has
 * lost entries, what was told of them is told again under new entry ids: what was stored before keeps its old place,
 * the rest gets a new one. So an entry must also be news by what it tells: a line or state beyond the container's mark
 * (`marks.ts`), a workflow event not seen yet. Lines that are stored are there once, and so are held against the marks
 * with which a pass through history began. And what was recorded or stored just before Redis lost it may lie before the
 * position of who never saw it: a state is news wherever it lies, if the marks say that it was not told.
 *
 * @module
 */
import { compareEntryIds, entryIdParts, FIRST_ENTRY_ID } from "lib/stream/entry_id.ts";
import type { Entry } from "./entry.ts";
import { advanced, isOfEarlierLife, isSeen, type Mark, missingBefore, NOTHING, type Step } from "./marks.ts";
import { formatPosition, isAfter, type Kind, MAX_MARKS, type Position } from "./position.ts";

/** So far back lies what a loss took unseen, by the time that it is noticed (ms). */
const UNNOTICED_MS = 60_000;

/** Lines of a container that are missing: numbers of the first and the last one. */
export interface Missing {
  readonly from: number;
  readonly to: number;
}

/** See the module's description. */
export class Progress {
  /** Stream generation, for the position. */
  #generation: string;
  /** Whether the last workflow event seen says that the workflow is over. */
  over = false;
  readonly #at: Record<Kind, string>;
  /** By container, the one with the latest news last. */
  readonly #marks: Map<string, Mark>;
  #before: ReadonlyMap<string, Mark>;
  /** Up to here the log is read again. */
  #readAgainTo = FIRST_ENTRY_ID;
  readonly #statuses = new Set<string>();
  /** How many workflow events it had seen before it began, and all that it has seen, as far as they are recalled. */
  readonly #workflowBefore: number;
  readonly #workflowSeen = new Set<string>();
  /** Whether every container's lines are awaited from the first on. */
  readonly #complete: boolean;
  /** Whether a container without a mark is one of which nothing was told; else its mark may have had no room. */
  readonly #hasAllMarks: boolean;

  /** `complete`: nothing was left out before the position, as a client does that wants only the last lines. */
  constructor(position: Position, { complete }: { complete: boolean }) {
    this.#generation = position.generation;
    this.#at = { status: position.status, logs: position.logs, workflow: position.workflow };
    this.#workflowBefore = position.workflowEvents;
    this.#complete = complete;
    this.#marks = new Map(position.marks);
    this.#hasAllMarks = position.marks.size < MAX_MARKS;
    this.#before = new Map(this.#marks);
  }

  /** The last entry seen of a stream. */
  at(kind: Kind): string {
    return this.#at[kind];
  }

  /**
   * From here on, stored entries are held against what was seen up to now. In another generation than before, the log
   * is read again from somewhat before the position on: until the loss was noticed, lines of the new life may have led
   * past others that were stored in the old one and never seen. Only marks tell those from lines that were told.
   */
  beginPass(generation: string): void {
    const isMarked = this.#hasAllMarks && [...this.#marks.values()].some(({ place }) => place > 0);
    if (generation !== this.#generation && isMarked) {
      this.#readAgainTo = this.#at.logs;
      this.#at.logs = stepBack(this.#at.logs);
    }
    this.#generation = generation;
    this.#before = new Map(this.#marks);
  }

  /** Says which workflow events the job has had, in their order, published or not. */
  recall(workflowEventIds: readonly string[]): void {
    for (const id of workflowEventIds.slice(0, this.#workflowBefore)) this.#workflowSeen.add(id);
  }

  /** Whether an entry is to be told, or what is missing before it. Changes nothing. */
  look(entry: Entry, from: "store" | "stream"): "news" | "old" | Missing {
    const { kind, id, step, eventId } = entry;
    const isBehind = !isAfter(this.#at, kind, id);
    // Of these there are few, and Redis may have lost them between their publication and us: what was not seen of what
    // lies behind is news, too.
    if (kind === "workflow") return this.#workflowSeen.has(eventId) ? "old" : "news";
    const mark = step ? this.#marks.get(step.container) : undefined;
    if (kind === "status") {
      if (this.#statuses.has(eventId) || (step && isSeen(mark, step))) return "old";
      return isBehind && !(step && this.#isUntold(mark, step)) ? "old" : "news";
    }
    if (isBehind) return "old";
    if (!step) return "news";
    if (isSeen(from === "store" ? this.#before.get(step.container) : mark, step)) return "old";
    // A container that was never seen begins with its first line; others were left out by who wants the last lines only.
    const isLeftOut = !this.#complete && !mark?.place && step.place > 3 &&
      compareEntryIds(id, this.#readAgainTo) <= 0;
    return isLeftOut ? "old" : missingBefore(mark, step, this.#complete) ?? "news";
  }

  /** Moves past an entry, which was told if it was news. */
  pass(entry: Entry, told: boolean): void {
    const { kind, id, step, eventId, over } = entry;
    if (isAfter(this.#at, kind, id)) this.#at[kind] = id;
    if (kind === "workflow") {
      this.over = over;
      this.#workflowSeen.add(eventId);
    } else if (kind === "status") this.#statuses.add(eventId);
    if (!step || !told) return;
    const mark = advanced(this.#marks.get(step.container), step);
    this.#marks.delete(step.container); // to the end
    this.#marks.set(step.container, mark);
  }

  /** The SSE id of who has come so far and sees these kinds only. */
  id(kinds: ReadonlySet<Kind>, { ended = false } = {}): string {
    return formatPosition({
      generation: this.#generation,
      status: kinds.has("status") ? this.#at.status : "0-0",
      logs: kinds.has("logs") ? this.#at.logs : "0-0",
      workflow: kinds.has("workflow") ? this.#at.workflow : "0-0",
      // After the end, they tell of which attempt it was the end.
      workflowEvents: ended || kinds.has("workflow")
        ? Math.max(this.#workflowSeen.size, this.#workflowBefore)
        : 0,
      marks: new Map(this.#marksOf(kinds).slice(-MAX_MARKS)),
      ended,
    });
  }

  /** Where it stands: to those of whom it is equal, exactly the same is news of what comes live of these kinds. */
  standing(kinds: ReadonlySet<Kind>): string {
    const statuses = kinds.has("status") ? [...this.#statuses].sort() : [];
    const workflow = kinds.has("workflow") ? [...this.#workflowSeen].sort() : [];
    const parts = [this.#marksOf(kinds), statuses, workflow];
    return JSON.stringify([this.id(kinds), this.over, this.#complete, parts]);
  }

  /** Whether a state that `mark`, its container's, does not have was never told, wherever it stands. */
  #isUntold(mark: Mark | undefined, step: Step): boolean {
    return mark?.stages ? !isOfEarlierLife(mark, step) : this.#hasAllMarks;
  }

  #marksOf(kinds: ReadonlySet<Kind>): [container: string, mark: Mark][] {
    const marks: [string, Mark][] = [];
    for (const [container, mark] of this.#marks) {
      const { stages, stageMs } = kinds.has("status") ? mark : NOTHING;
      const { place, placeMs } = kinds.has("logs") ? mark : NOTHING;
      if (stages > 0 || place > 0) marks.push([container, { stages, stageMs, place, placeMs }]);
    }
    return marks;
  }
}

function stepBack(entryId: string): string {
  return `${Math.max(0, entryIdParts(entryId)[0] - UNNOTICED_MS)}-0`;
}
