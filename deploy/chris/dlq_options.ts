import type { LetterFilter, LetterKind } from "lib/client/chris_client.ts";
import { oneOf, wholeNumber } from "../command/option.ts";
import {
  LETTER_ACTIONS,
  LETTER_OPTIONS,
  type LetterAction,
  type LetterFlags,
  letterFlags,
} from "../dlq/letter_options.ts";
import type { CommonOptions } from "./command.ts";
import { commonOptions, parseCommand } from "./parse_command.ts";

/** What the command line of `chris dlq` says. */
export interface DlqOptions extends LetterFlags {
  readonly common: CommonOptions;
  readonly action: LetterAction;
  readonly kinds: readonly LetterKind[];
  readonly ids: readonly string[];
  readonly filter: LetterFilter;
  readonly all: boolean;
  /** Most letters of each stream. */
  readonly limit: number | undefined;
  readonly after: string | undefined;
}

/** Unlike `deno task dlq`, this one discards by id alone. */
const ONLY = {
  "job": ["list", "requeue"],
  "reason": ["list", "requeue"],
  "origin": ["list", "requeue"],
  "since": ["list", "requeue"],
  "until": ["list", "requeue"],
  "limit": ["list", "requeue"],
  "all": ["list", "requeue"],
} as const;

/** Reads what follows `dlq`. Pure. @throws {RangeError | TypeError} if it cannot work. */
export function dlqOptions(args: readonly string[], url: string): DlqOptions {
  const { values, positionals: [name, ...rest] } = parseCommand(args, LETTER_OPTIONS);
  const action = oneOf("dlq", name, LETTER_ACTIONS);
  if (!action) {
    throw new RangeError(`Cannot tell what to do with dead letters: say ${LETTER_ACTIONS.join(", ")}`);
  }
  const flags = letterFlags(action, values, ONLY);
  const { job, reason, origin, since, until, all } = values;
  const filter = { job, reason, origin, since, until };
  const ids = [...rest, ...values.id ?? []];
  const filtered = ids.length > 0 || Object.values(filter).some((field) => field !== undefined);
  if ((action === "show" || action === "discard") && ids.length === 0) {
    throw new RangeError(`Cannot ${action} a letter: give its id`);
  }
  if (action === "list" && ids.length > 0) throw new RangeError("Cannot list by id: show does that");
  if (action === "requeue" && filtered === all) {
    throw new RangeError("Cannot requeue: say which letters are meant, or --all, and not both");
  }
  const kind = oneOf("--stream", values.stream, ["status", "logs"]);
  return {
    ...flags,
    common: commonOptions(values, url),
    action,
    kinds: kind ? [kind] : ["status", "logs"],
    ids,
    filter,
    all,
    limit: wholeNumber("--limit", values.limit),
    after: values.after,
  };
}
