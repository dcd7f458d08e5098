import type { LetterFilter, LetterKind } from "lib/client/chris_client.ts";
import type { CommonOptions } from "./command.ts";
import { commonOptions, FLAG, LIST, oneOf, parseCommand, TEXT, wholeNumber } from "./parse_command.ts";

/** What can be done with dead letters. */
export type DlqAction = "list" | "show" | "requeue" | "discard";

/** What the command line of `chris dlq` says. */
export interface DlqOptions {
  readonly common: CommonOptions;
  readonly action: DlqAction;
  readonly kinds: readonly LetterKind[];
  readonly ids: readonly string[];
  readonly filter: LetterFilter;
  readonly all: boolean;
  /** Most letters of each stream. */
  readonly limit: number | undefined;
  readonly after: string | undefined;
  readonly dryRun: boolean;
  readonly withEarlier: boolean;
  readonly force: boolean;
  readonly yes: boolean;
  readonly raw: boolean;
  readonly json: boolean;
}

const OPTIONS = {
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
} as const;

/** Which options mean something to which action, beside those that all know. */
const ONLY: Readonly<Partial<Record<keyof typeof OPTIONS, readonly DlqAction[]>>> = {
  "job": ["list", "requeue"],
  "reason": ["list", "requeue"],
  "origin": ["list", "requeue"],
  "since": ["list", "requeue"],
  "until": ["list", "requeue"],
  "limit": ["list", "requeue"],
  "after": ["list"],
  "all": ["list", "requeue"],
  "dry-run": ["requeue", "discard"],
  "with-earlier": ["requeue"],
  "force": ["requeue"],
  "yes": ["discard"],
  "raw": ["show"],
};

/** Reads what follows `dlq`. Pure. @throws {RangeError | TypeError} if it cannot work. */
export function dlqOptions(args: readonly string[], url: string): DlqOptions {
  const { values, positionals: [name, ...rest] } = parseCommand(args, OPTIONS);
  const action = oneOf("dlq", name ?? "", ["list", "show", "requeue", "discard"]) ?? "list";
  for (const [option, actions] of Object.entries(ONLY)) {
    if (!values[option as keyof typeof OPTIONS] || actions?.includes(action)) continue;
    throw new RangeError(`Cannot ${action} with --${option}: it is for ${actions?.join(" and ")}`);
  }
  const { job, reason, origin, since, until } = values;
  const filter = { job, reason, origin, since, until };
  const ids = [...rest, ...values.id ?? []];
  const filtered = ids.length > 0 || Object.values(filter).some((field) => field !== undefined);
  if ((action === "show" || action === "discard") && ids.length === 0) {
    throw new RangeError(`Cannot ${action} a letter: give its id`);
  }
  if (action === "list" && ids.length > 0) throw new RangeError("Cannot list by id: show does that");
  if (action === "requeue" && filtered === values.all) {
    throw new RangeError("Cannot requeue: say which letters are meant, or --all, and not both");
  }
  const kind = oneOf("--stream", values.stream, ["status", "logs"]);
  return {
    common: commonOptions(values, url),
    action,
    kinds: kind ? [kind] : ["status", "logs"],
    ids,
    filter,
    all: values.all,
    limit: wholeNumber("--limit", values.limit),
    after: values.after,
    dryRun: values["dry-run"],
    withEarlier: values["with-earlier"],
    force: values.force,
    yes: values.yes,
    raw: values.raw,
    json: values.json,
  };
}
