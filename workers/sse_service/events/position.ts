/**
 * Where a client stands: one entry id per merged stream, what it has seen of the latest containers, the stream
 * generation all that belongs to, and whether the end was told (architecture.md §5.5). Written as the `id:` of every
 * SSE event. Pure.
 *
 * @module
 */
import { compareEntryIds, FIRST_ENTRY_ID } from "lib/stream/entry_id.ts";
import type { Mark } from "./marks.ts";

/** The streams that a client sees merged. */
export const KINDS = ["status", "logs", "workflow"] as const;
/** One of the streams that a client sees merged; also the SSE event name. */
export type Kind = typeof KINDS[number];

/** A client's position: the last entry it has seen of each stream. */
export interface Position extends Readonly<Record<Kind, string>> {
  /** Changes when Redis may have lost something (`generation.ts`). */
  readonly generation: string;
  readonly ended: boolean;
  /** How many of the job's workflow events it has seen: their order never changes, whatever Redis loses. */
  readonly workflowEvents: number;
  /** What it has seen of the latest containers, by container (`marks.ts`). */
  readonly marks: ReadonlyMap<string, Mark>;
}

/** Most containers in a position: those of six attempts at all steps. */
export const MAX_MARKS = 24;

const NUMBER = "(?:0|[1-9a-z][0-9a-z]{0,9})";
const ENTRY_ID = "\\d{1,15}-\\d{1,20}";
const MARK = `[a-z][a-z0-9]{5}-[0-9a-f]${NUMBER}-${NUMBER}-${NUMBER}`;
const POSITION = new RegExp(
  `^([a-z0-9]{1,32})_(${ENTRY_ID})_(${ENTRY_ID})_(${ENTRY_ID})` +
    `(?:_w(${NUMBER})((?:\\.${MARK}){0,${MAX_MARKS}}))?(_end)?$`,
);

/** Before everything. */
export function startPosition(generation: string): Position {
  return {
    generation,
    status: FIRST_ENTRY_ID,
    logs: FIRST_ENTRY_ID,
    workflow: FIRST_ENTRY_ID,
    ended: false,
    workflowEvents: 0,
    marks: new Map(),
  };
}

/** Whether an entry lies after the position. */
export function isAfter(position: Readonly<Record<Kind, string>>, kind: Kind, entryId: string): boolean {
  const seen = position[kind];
  // Of ids of one form the order is that of their texts.
  const alike = entryId.length === seen.length && entryId.indexOf("-") === seen.indexOf("-");
  return alike ? entryId > seen : compareEntryIds(entryId, seen) > 0;
}

/**
 * The position as an SSE id: `{generation}_{status}_{logs}_{workflow}`, then `_w{workflow events}` with a
 * `.{container}-{stages}{time}-{place}-{time}` for each mark, then `_end` after the end. Numbers are in base 36, stages
 * in base 16.
 */
export function formatPosition(position: Position): string {
  const { generation, status, logs, workflow, workflowEvents, marks, ended } = position;
  let id = `${generation}_${status}_${logs}_${workflow}`;
  if (workflowEvents > 0 || marks.size > 0) id += `_w${workflowEvents.toString(36)}`;
  for (const [container, mark] of marks) id += formatMark(container, mark);
  return ended ? `${id}_end` : id;
}

function formatMark(container: string, { stages, stageMs, place, placeMs }: Mark): string {
  return `.${container}-${stages.toString(16)}${stageMs.toString(36)}-${place.toString(36)}-${
    placeMs.toString(36)
  }`;
}

/** Reads an SSE id; null for anything else, which a client of another service may well send. */
export function parsePosition(text: string): Position | null {
  const match = POSITION.exec(text);
  if (!match) return null;
  const [, generation = "", status = "", logs = "", workflow = "", events, marks = "", end] = match;
  const position: Position = {
    generation,
    status,
    logs,
    workflow,
    ended: end !== undefined,
    workflowEvents: parseInt(events ?? "0", 36),
    marks: new Map(marks.split(".").slice(1).map(parseMark)),
  };
  return formatPosition(position) === text ? position : null;
}

function parseMark(text: string): [container: string, mark: Mark] {
  const [container = "", stages = "", place = "", placeMs = ""] = text.split("-");
  const mark = {
    stages: parseInt(stages.charAt(0), 16),
    stageMs: parseInt(stages.slice(1), 36),
    place: parseInt(place, 36),
    placeMs: parseInt(placeMs, 36),
  };
  return [container, mark];
}
