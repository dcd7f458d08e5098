import { parseArgs } from "node:util";
import { entryIdParts } from "lib/stream/entry_id.ts";
import type { LetterFilter } from "lib/stream/dead_letter_filter.ts";
import { LETTER_KINDS, type LetterKind } from "lib/stream/letter_sources.ts";

/** What can be done with dead letters. */
export const ACTIONS = ["list", "show", "requeue", "discard"] as const;
/** One of them. */
export type Action = typeof ACTIONS[number];

/** What the command line says. */
export interface DlqOptions {
  readonly action: Action;
  readonly kinds: readonly LetterKind[];
  readonly filter: LetterFilter;
  /** Most letters of each stream. */
  readonly limit: number;
  readonly after: string | undefined;
  readonly dryRun: boolean;
  readonly withEarlier: boolean;
  readonly force: boolean;
  readonly yes: boolean;
  readonly raw: boolean;
  readonly json: boolean;
  /** Longest wait for Redis to answer at all (ms). */
  readonly waitMs: number;
}

/** Letters that `list` shows unless told otherwise: a screenful or two. */
const LIST_LIMIT = 100;

const FLAG = { type: "boolean", default: false } as const;
const TEXT = { type: "string" } as const;
const OPTIONS = {
  "stream": TEXT,
  "job": TEXT,
  "reason": TEXT,
  "origin": TEXT,
  "since": TEXT,
  "until": TEXT,
  "limit": TEXT,
  "after": TEXT,
  "wait": { type: "string", default: "10" },
  "id": { type: "string", multiple: true },
  "all": FLAG,
  "dry-run": FLAG,
  "with-earlier": FLAG,
  "force": FLAG,
  "yes": FLAG,
  "raw": FLAG,
  "json": FLAG,
} as const;

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>["values"];

/** Which options mean something to which action, beside those that all know. */
const ONLY: Readonly<Record<string, readonly Action[]>> = {
  "after": ["list"],
  "all": ["list", "requeue", "discard"],
  "dry-run": ["requeue", "discard"],
  "with-earlier": ["requeue"],
  "force": ["requeue"],
  "yes": ["discard"],
  "raw": ["show"],
};

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
  const action = ACTIONS.find((known) => known === name);
  if (!action) throw new RangeError(`Cannot ${name ?? "begin"}: expected one of ${ACTIONS.join(", ")}`);
  const stray = Object.keys(ONLY).find((option) =>
    values[option as keyof Values] && !ONLY[option]?.includes(action)
  );
  if (stray) {
    throw new RangeError(`Cannot ${action} with --${stray}: it is for ${ONLY[stray]?.join(" and ")}`);
  }
  const filter = filterOf(values, [...rest, ...values.id ?? []], now);
  if (action === "show" && filter.ids === undefined) {
    throw new RangeError("Cannot show a letter: give its id");
  }
  const meansAll = Object.keys(filter).length === 0;
  if ((action === "requeue" || action === "discard") && meansAll !== values.all) {
    throw new RangeError(`Cannot ${action}: say which letters are meant, or --all, and not both`);
  }
  return {
    action,
    kinds: kindsOf(values.stream),
    filter,
    limit: limitOf(values.limit, action === "list" ? LIST_LIMIT : Infinity),
    after: values.after === undefined ? undefined : entryId(values.after),
    dryRun: values["dry-run"],
    withEarlier: values["with-earlier"],
    force: values.force,
    yes: values.yes,
    raw: values.raw,
    json: values.json,
    waitMs: wholeNumber("--wait", values.wait) * 1_000,
  };
}

function filterOf(values: Values, ids: readonly string[], now: number): LetterFilter {
  return {
    ...(ids.length > 0 ? { ids: ids.map(entryId) } : {}),
    ...(values.job === undefined ? {} : { jobId: values.job }),
    ...(values.reason === undefined ? {} : { reason: values.reason }),
    ...(values.origin === undefined ? {} : { origin: values.origin }),
    ...(values.since === undefined ? {} : { since: timeOf("--since", values.since, now) }),
    ...(values.until === undefined ? {} : { until: timeOf("--until", values.until, now) }),
  };
}

function kindsOf(stream: string | undefined): readonly LetterKind[] {
  if (stream === undefined) return LETTER_KINDS;
  const kind = LETTER_KINDS.find((known) => known === stream);
  if (!kind) throw new RangeError(`Cannot use --stream "${stream}": expected ${LETTER_KINDS.join(" or ")}`);
  return [kind];
}

function limitOf(text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  return wholeNumber("--limit", text) || Infinity;
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,6}$/.test(text)) {
    throw new RangeError(`Cannot use ${option} "${text}": expected a whole number`);
  }
  return Number(text);
}

/** The id in full. */
function entryId(text: string): string {
  entryIdParts(text);
  return text.includes("-") ? text : `${text}-0`;
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function timeOf(option: string, text: string, now: number): number {
  const [, count, unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count !== undefined) return Math.max(0, now - Number(count) * (UNIT_MS[unit] ?? 0));
  const time = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(time) || time < 0) {
    throw new RangeError(
      `Cannot use ${option} "${text}": expected 2026-01-15T10:00:00Z, or 90s, 30m, 2h, 7d`,
    );
  }
  return time;
}
