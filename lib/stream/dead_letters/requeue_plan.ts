/**
 * Which dead letters of a job go back to their stream, in which order, and which must stay. Pure.
 *
 * Letters of one job go back in the order in which their entries were written. One that stands behind a letter
 * which is not to go back stays too, as it would overtake that one; unless the earlier ones are taken along.
 *
 * @module
 */
import { compareEntryIds, isEntryId } from "../entry_id.ts";
import type { LetterHead } from "./found_letter.ts";
import { shardKey, shardKeys, shardOf } from "../keys.ts";

/** A letter that may go back. */
export interface Candidate extends LetterHead {
  /** Whether somebody asked for it. */
  readonly selected: boolean;
}

/** By which rules letters go back. */
export interface RequeueRules {
  /** Base of the sharded stream that letters go back to. */
  readonly base: string;
  readonly numShards: number;
  /** Take along earlier letters of the same job, which nobody asked for. */
  readonly withEarlier: boolean;
  /** Put back also what consumers would not understand. */
  readonly force: boolean;
}

/** What becomes of the letters of one group. */
export interface GroupPlan {
  /** To be put back, in this order. */
  readonly requeue: readonly LetterHead[];
  readonly refused: readonly { readonly letter: LetterHead; readonly why: string }[];
}

/** Most letters named in a refusal. */
const MAX_NAMED = 5;

/** Letters of one group go back together, in order: those of one job out of one stream. */
export function groupOf({ originStream, jobId }: LetterHead): string {
  return JSON.stringify([originStream, jobId]);
}

/** Decides about the letters of one group. Those that are neither selected nor taken along are not in the plan. */
export function planGroup(group: readonly Candidate[], rules: RequeueRules): GroupPlan {
  const fit = (letter: Candidate) =>
    unfitness(letter, letter.selected ? rules : { ...rules, force: false }) === null;
  const refused = group.filter((letter) => letter.selected && !fit(letter))
    .map((letter) => ({ letter, why: unfitness(letter, rules) ?? "" }));
  const inOrder = group.filter(fit).sort((a, b) =>
    compareEntryIds(a.originId, b.originId) || compareEntryIds(a.id, b.id)
  );
  const upToLast = inOrder.slice(0, inOrder.findLastIndex((letter) => letter.selected) + 1);
  if (rules.withEarlier) return { requeue: upToLast, refused };
  const stop = upToLast.findIndex((letter) => !letter.selected);
  if (stop < 0) return { requeue: upToLast, refused };
  const why = overtaking(upToLast.filter((letter) => !letter.selected));
  const behind = upToLast.slice(stop).filter((letter) => letter.selected);
  return {
    requeue: upToLast.slice(0, stop),
    refused: [...refused, ...behind.map((letter) => ({ letter, why }))],
  };
}

/** Why a letter must not go back, whatever the others do; null if it may. */
function unfitness(
  { originStream, originId, jobId, fault }: LetterHead,
  { base, numShards, force }: RequeueRules,
): string | null {
  if (!shardKeys(base, numShards).includes(originStream)) {
    return `it came from "${originStream}", which is no shard of "${base}" (STREAM_NUM_SHARDS is ${numShards})`;
  }
  if (!isEntryId(originId)) return `its origin_id "${originId}" is no id of a stream entry`;
  const home = jobId === null ? originStream : shardKey(base, shardOf(jobId, numShards));
  if (home !== originStream) {
    return `it came from "${originStream}", but its job is on "${home}" (has STREAM_NUM_SHARDS changed?)`;
  }
  return fault === null || force ? null : `it would only be dead-lettered again: ${fault}`;
}

function overtaking(earlier: readonly LetterHead[]): string {
  const named = earlier.slice(0, MAX_NAMED).map(({ id }) => id).join(", ");
  const more = earlier.length > MAX_NAMED ? ` and ${earlier.length - MAX_NAMED} more` : "";
  return `it would overtake earlier dead letters of its job, which must go back first or with it: ${named}${more}`;
}
