/**
 * What the two commands about dead letters (`dlq` and `chris dlq`) have in common on their command lines.
 *
 * @module
 */
import type { parseArgs } from "node:util";
import { FLAG, LIST, TEXT } from "../command/option.ts";

/** What can be done with dead letters. */
export const LETTER_ACTIONS = ["list", "show", "requeue", "discard"] as const;
/** One of them. */
export type LetterAction = typeof LETTER_ACTIONS[number];

/** The options that both know. */
export const LETTER_OPTIONS = {
  "stream": TEXT,
  "job": TEXT,
  "reason": TEXT,
  "origin": TEXT,
  "since": TEXT,
  "until": TEXT,
  "limit": TEXT,
  "after": TEXT,
  "id": LIST,
  "all": FLAG,
  "dry-run": FLAG,
  "with-earlier": FLAG,
  "force": FLAG,
  "yes": FLAG,
  "raw": FLAG,
  "json": FLAG,
} as const;

/** Their values. */
export type LetterValues = ReturnType<typeof parseArgs<{ options: typeof LETTER_OPTIONS }>>["values"];

/** The actions to which an option means something, for options that do not concern all of them. */
export type OnlyFor = Readonly<Partial<Record<keyof LetterValues, readonly LetterAction[]>>>;

const ONLY: OnlyFor = {
  "after": ["list"],
  "dry-run": ["requeue", "discard"],
  "with-earlier": ["requeue"],
  "force": ["requeue"],
  "yes": ["discard"],
  "raw": ["show"],
};

/** How an action is done. */
export interface LetterFlags {
  readonly dryRun: boolean;
  readonly withEarlier: boolean;
  readonly force: boolean;
  readonly yes: boolean;
  readonly raw: boolean;
  readonly json: boolean;
}

/**
 * Reads the flags; `more` has options of one of the commands that mean something to some actions only. Pure.
 *
 * @throws {RangeError} if an option means nothing to the action.
 */
export function letterFlags(action: LetterAction, values: LetterValues, more: OnlyFor): LetterFlags {
  const only: OnlyFor = { ...ONLY, ...more };
  for (const [option, actions] of Object.entries(only)) {
    if (!values[option as keyof LetterValues] || actions.includes(action)) continue;
    throw new RangeError(`Cannot ${action} with --${option}: it is for ${actions.join(" and ")}`);
  }
  return {
    dryRun: values["dry-run"],
    withEarlier: values["with-earlier"],
    force: values.force,
    yes: values.yes,
    raw: values.raw,
    json: values.json,
  };
}
