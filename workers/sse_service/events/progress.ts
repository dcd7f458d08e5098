/**
 * How far one reader of a job's events has come, and what is news to it. A client has one while it catches up; all
 * clients of a job that have caught up share one (`job_feed.ts`).
 *
 * Within one life of Redis's streams, an entry is news if it lies behind the position of its stream. When Redis has
 * lost entries, what was told of them is told again under new entry ids: what was stored before keeps its old place,
 * the rest gets a new one. So an entry must also be news by what it tells: a line or state beyond the container's mark
 * (`marks.ts`), a workflow event not seen yet. Lines that are stored are there once, and so are held against the marks
 * with which a pass through history began.
 *
 * @module
 */
import type { Entry } from "./entry.ts";
import { advanced, isSeen, isWholeLife, type Mark, missingBefore } from "./marks.ts";
import {
  formatPosition,
  isAfter,
  type Kind,
  KINDS,
  MAX_MARKS,
  type Position,
  startPosition,
} from "./position.ts";

/** Lines of a container that are missing: numbers of the first and the last one. */
export interface Missing {
  readonly from: number;
  readonly to: number;
}

/** A mark, and where its last line stands. */
interface KeptMark extends Mark {
  /** Whether its place is what a client says of itself, and nothing that was seen here. */
  readonly claimed: boolean;
  /** Stages that a client says it was told of; `stages` are those that were seen here. */
  readonly claimedStages: Pick<Mark, "stages" | "stageMs">;
  readonly lastLine: string;
}

/** See the module's description. */
export class Progress {
  /** Stream generation, for the position. */
  generation: string;
  /** Whether the last workflow event seen says that the workflow is over. */
  over = false;
  readonly #at: Record<Kind, string>;
  readonly #start: Readonly<Record<Kind, string>>;
  /** By container, the one with the latest news last. */
  readonly #marks = new Map<string, KeptMark>();
  #before: ReadonlyMap<string, KeptMark> = new Map();
  readonly #statuses = new Set<string>();
  readonly #workflow = new Set<string>();
  /** How many workflow events it had seen by its own account, and which ones. */
  readonly #workflowClaimed: number;
  readonly #workflowRecalled = new Set<string>();
  /** Whether every container's lines are awaited from the first on. */
  readonly #complete: boolean;

  /**
   * `claimed`: the position is what a client says. `complete`: nothing was left out before it, as a client does that
   * wants only the last lines.
   */
  constructor(position: Position, { claimed, complete }: { claimed: boolean; complete: boolean }) {
    this.generation = position.generation;
    this.#at = { status: position.status, logs: position.logs, workflow: position.workflow };
    this.#start = { ...this.#at };
    this.#workflowClaimed = position.workflowEvents;
    this.#complete = complete;
    for (const [container, mark] of position.marks) {
      const { stages, stageMs } = mark;
      const seen = claimed ? { ...mark, ...NO_STAGES } : mark;
      const claimedStages = claimed ? { stages, stageMs } : NO_STAGES;
      this.#marks.set(container, { ...seen, claimed, claimedStages, lastLine: position.logs });
    }
    this.beginPass();
  }

  /** The last entry seen of a stream. */
  at(kind: Kind): string {
    return this.#at[kind];
  }

  /** From here on, stored entries are held against what was seen up to now. */
  beginPass(): void {
    this.#before = new Map(this.#marks);
  }

  /** Says which workflow events the job has had, in their order, published or not. */
  recall(workflowEventIds: readonly string[]): void {
    for (const id of workflowEventIds.slice(0, this.#workflowClaimed)) this.#workflowRecalled.add(id);
  }

  /** Whether an entry is to be told, or what is missing before it. Changes nothing. */
  look(entry: Entry, from: "store" | "stream"): "news" | "old" | Missing {
    const { kind, id, step, eventId } = entry;
    const isBehind = !isAfter(this.#at, kind, id);
    // Of these there are few, and Redis may have lost them between their publication and us: what was not seen of what
    // lies behind is news, too.
    if (kind === "workflow") {
      return this.#workflowRecalled.has(eventId) || this.#workflow.has(eventId) ? "old" : "news";
    }
    const mark = step ? this.#marks.get(step.container) : undefined;
    if (kind === "status") {
      const known = mark && withClaims(mark);
      if (this.#statuses.has(eventId) || (step && isSeen(known, step))) return "old";
      return isBehind && !(known && isWholeLife(known)) ? "old" : "news";
    }
    if (isBehind) return "old";
    if (!step) return "news";
    if (isSeen(from === "store" ? this.#before.get(step.container) : mark, step)) return "old";
    return missingBefore(mark, step, this.#complete) ?? "news";
  }

  /** Moves past an entry, which was told if it was news. */
  pass(entry: Entry, told: boolean): void {
    const { kind, id, step, eventId, over } = entry;
    if (isAfter(this.#at, kind, id)) this.#at[kind] = id;
    if (kind === "workflow") {
      if (!this.#workflow.has(eventId)) this.over = over;
      this.#workflow.add(eventId);
    } else if (kind === "status") this.#statuses.add(eventId);
    if (!step) return;
    if (told) return this.#mark(step, kind === "logs" ? id : null);
    const mark = this.#marks.get(step.container);
    if (!mark) return;
    // What the client says that it was told of exists.
    const proven = kind === "status" && isSeen({ ...mark, ...mark.claimedStages }, step);
    if (proven) this.#marks.set(step.container, { ...mark, ...advanced(mark, step) });
    const confirmed = mark.claimed && kind === "logs" && mark.place === step.place &&
      mark.placeMs === step.ms;
    if (confirmed) this.#marks.set(step.container, { ...mark, claimed: false });
  }

  /** The SSE id of who has come so far and sees these kinds only. */
  id(kinds: ReadonlySet<Kind>, { ended = false } = {}): string {
    const marks: [string, Mark][] = [];
    let rest = this.#marks.size;
    for (const [container, mark] of this.#marks) {
      if (rest-- > MAX_MARKS) continue;
      const { stages, stageMs } = kinds.has("status") ? withClaims(mark) : NO_STAGES;
      const [place, placeMs] = kinds.has("logs") ? [mark.place, mark.placeMs] : [0, 0];
      if (stages > 0 || place > 0) marks.push([container, { stages, stageMs, place, placeMs }]);
    }
    return formatPosition({
      generation: this.generation,
      status: kinds.has("status") ? this.#at.status : "0-0",
      logs: kinds.has("logs") ? this.#at.logs : "0-0",
      workflow: kinds.has("workflow") ? this.#at.workflow : "0-0",
      // After the end, they tell of which attempt it was the end.
      workflowEvents: ended || kinds.has("workflow")
        ? Math.max(this.#workflow.size, this.#workflowClaimed)
        : 0,
      marks: new Map(marks),
      ended,
    });
  }

  /**
   * One that has seen the same, for others to go on with; without what the client only says of itself: it stands no
   * further than `tips`, the entries handed out last.
   */
  shared(tips: Readonly<Record<Kind, string>>): Progress {
    const at = { ...this.#at };
    for (const kind of KINDS) if (isAfter(tips, kind, at[kind])) at[kind] = tips[kind];
    const position = { ...startPosition(this.generation), ...at };
    const copy = new Progress(position, { claimed: false, complete: false });
    copy.over = this.over;
    for (const id of this.#statuses) copy.#statuses.add(id);
    for (const id of this.#workflow) copy.#workflow.add(id);
    for (const [container, mark] of this.#marks) {
      if (!mark.claimed) copy.#marks.set(container, { ...mark, claimedStages: NO_STAGES });
    }
    return copy;
  }

  /**
   * Whether to `common` the same will be news as to this one, as far as these kinds go. What this one saw of
   * containers that `common` knows nothing of is then handed over.
   */
  joins(common: Progress, kinds: ReadonlySet<Kind>): boolean {
    if (this.#workflow.size !== common.#workflow.size) return false;
    if (kinds.has("status") && !this.#sawTheStatesOf(common)) return false;
    if (kinds.has("logs") && !this.#sawTheLinesOf(common)) return false;
    for (const [container, mark] of this.#marks) {
      if (mark.claimed || common.#marks.has(container)) continue;
      common.#marks.set(container, { ...mark, claimedStages: NO_STAGES });
    }
    return true;
  }

  /** Also what this one only says that it saw must be old to `common`, or it would be told again. */
  #sawTheStatesOf(common: Progress): boolean {
    for (const [container, { claimedStages: { stages, stageMs } }] of this.#marks) {
      const seen = common.#marks.get(container) ?? NO_STAGES;
      if ((stages & ~seen.stages) !== 0 || stages > 0 && stageMs > seen.stageMs) return false;
    }
    return this.#statuses.size === common.#statuses.size;
  }

  #sawTheLinesOf(common: Progress): boolean {
    for (const [container, mark] of this.#marks) {
      const known = common.#marks.get(container);
      if (!known ? mark.claimed && mark.place > 0 : known.place !== mark.place) return false;
    }
    for (const [container, { place, lastLine }] of common.#marks) {
      if (place > 0 && !this.#marks.has(container) && isAfter(this.#start, "logs", lastLine)) return false;
    }
    return true;
  }

  #mark(step: Parameters<typeof advanced>[1], line: string | null): void {
    const known = this.#marks.get(step.container);
    this.#marks.delete(step.container); // to the end
    this.#marks.set(step.container, {
      ...advanced(known, step),
      claimed: line === null && known?.claimed === true,
      claimedStages: known?.claimedStages ?? NO_STAGES,
      lastLine: line ?? known?.lastLine ?? "0-0",
    });
  }
}

const NO_STAGES: Pick<Mark, "stages" | "stageMs"> = { stages: 0, stageMs: 0 };

function withClaims(mark: KeptMark): Mark {
  const { stages, stageMs } = mark.claimedStages;
  return { ...mark, stages: mark.stages | stages, stageMs: Math.max(mark.stageMs, stageMs) };
}
