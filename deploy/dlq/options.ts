import { parseArgs } from "node:util";
import { entryIdParts } from "lib/stream/entry_id.ts";
import type { LetterFilter } from "lib/stream/dead_letters/letter_filter.ts";
import { LETTER_KINDS, type LetterKind } from "lib/stream/dead_letters/letter_sources.ts";
import { oneOf, TEXT, timeOf, wholeNumber } from "../command/option.ts";
import {
  LETTER_ACTIONS,
  LETTER_OPTIONS,
  type LetterAction,
  type LetterFlags,
  letterFlags,
  type LetterValues,
} from "./letter_options.ts";

/** What the command line says. */
export interface DlqOptions extends LetterFlags {
  readonly action: LetterAction;
  readonly kinds: readonly LetterKind[];
  readonly filter: LetterFilter;
  /** Most letters of each stream. */
  readonly limit: number;
  /** Only letters after the one of this id. */
  readonly after: string | undefined;
  /** Longest wait for Redis to answer at all (ms). */
  readonly waitMs: number;
}

/** Letters that `list` shows unless told otherwise: a screenful or two. */
const LIST_LIMIT = 100;

/** Default of `--wait`, and the most it can be (s): timers take no more. */
const WAIT_S = 10;
const MAX_WAIT_S = 1_000_000;

const OPTIONS = { ...LETTER_OPTIONS, "wait": TEXT } as const;

/**
 * Reads the command line; `now` is ms since 1970.
 *
 * @throws {TypeError} if there is an unknown option. @throws {RangeError} if what is given cannot work.
 */
export function dlqOptions(args: readonly string[], now: number): DlqOptions {
  const { values, positionals: [name, ...rest] } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  });
  const action = LETTER_ACTIONS.find((known) => known === name);
  if (!action) {
    throw new RangeError(`Cannot ${name ?? "begin"}: expected one of ${LETTER_ACTIONS.join(", ")}`);
  }
  const flags = letterFlags(action, values, { "all": ["list", "requeue", "discard"] });
  const filter = filterOf(values, [...rest, ...values.id ?? []], now);
  if (action === "show" && filter.ids === undefined) {
    throw new RangeError("Cannot show a letter: give its id");
  }
  const meansAll = Object.keys(filter).length === 0;
  if ((action === "requeue" || action === "discard") && meansAll !== values.all) {
    throw new RangeError(`Cannot ${action}: say which letters are meant, or --all, and not both`);
  }
  const kind = oneOf("--stream", values.stream, LETTER_KINDS);
  return {
    ...flags,
    action,
    kinds: kind ? [kind] : LETTER_KINDS,
    filter,
    limit: limitOf(values.limit, action === "list" ? LIST_LIMIT : Infinity),
    after: values.after === undefined ? undefined : entryId(values.after),
    waitMs: Math.min(wholeNumber("--wait", values.wait) ?? WAIT_S, MAX_WAIT_S) * 1_000,
  };
}

function filterOf(values: LetterValues, ids: readonly string[], now: number): LetterFilter {
  return {
    ...(ids.length > 0 ? { ids: ids.map(entryId) } : {}),
    ...(values.job === undefined ? {} : { jobId: values.job }),
    ...(values.reason === undefined ? {} : { reason: values.reason }),
    ...(values.origin === undefined ? {} : { origin: values.origin }),
    ...(values.since === undefined ? {} : { since: timeOf("--since", values.since, now) }),
    ...(values.until === undefined ? {} : { until: timeOf("--until", values.until, now) }),
  };
}

function limitOf(text: string | undefined, fallback: number): number {
  const limit = wholeNumber("--limit", text);
  return limit === undefined ? fallback : limit || Infinity;
}

/** The id in full. */
function entryId(text: string): string {
  entryIdParts(text);
  return text.includes("-") ? text : `${text}-0`;
}
