/**
 * `chris dlq`: dead letters through the service. (`deno task dlq` does the same on the Redis itself.)
 *
 * @module
 */
import { ChrisError, type Letter, type LetterKind, type RequeueOutcome } from "lib/client/chris_client.ts";
import { visibleText } from "../command/visible_bytes.ts";
import { letterDetails, letterLine, outcomeLine } from "../dlq/show_letter.ts";
import type { Command, CommandContext } from "./command.ts";
import { type DlqOptions, dlqOptions } from "./dlq_options.ts";
import { EXIT } from "./exit_codes.ts";
import { foundHeadOf, foundLetterOf, letterBytes } from "./found_letter.ts";
import { COMMON_USAGE } from "./parse_command.ts";

const USAGE = `Usage: deno task chris dlq <list|show|requeue|discard> [id …] [options]

Dead letters are entries of the status and log streams that could never be handled. They stay, with their original
bytes and the reason, until somebody puts them back or throws them away.

  list              one line for each letter
  show <id> …       all that is known of a letter, with its bytes (--raw: nothing but its bytes)
  requeue           put letters back into the streams they came from: ids, a filter or --all
  discard <id> …    throw letters away for good

  --stream KIND     status or logs (default: both)
  --job ID  --reason TEXT  --origin STREAM  --since TIME  --until TIME
                    only letters of this job, with this text in reason or error, from this stream, dead-lettered at this
                    time (2026-01-15T10:00:00Z, or 90s, 30m, 2h, 7d before now) or later, or before it
  --limit N         only the first N of each stream (list: 100 unless given)
  --after ID        list: only letters after this one
  --all             list, requeue: every letter
  --dry-run         tell what would happen, change nothing
  --with-earlier    requeue: take along earlier letters of the same jobs, which would be overtaken
  --force           requeue: put back also what consumers would not understand
  --yes             discard: do not ask
${COMMON_USAGE}

Exit code: 0 done; 1 something was refused or not found; 2 the command line cannot work; 4 the service cannot be
reached. To throw away many at once: deno task dlq discard, on a machine that reaches the Redis.`;

const LIST_LIMIT = 100;
/** Most letters that the service gives at a time. */
const PAGE = 500;

/** `chris dlq`. */
export const dlq: Command = {
  name: "dlq",
  summary: "dead letters: list, show, requeue, discard",
  usage: USAGE,
  prepare(args, url) {
    const options = dlqOptions(args, url);
    const act = { list, show, requeue, discard }[options.action];
    return { common: options.common, act: (context) => act(context, options) };
  },
};

async function list(
  { client, signal, out, note, paint }: CommandContext,
  options: DlqOptions,
): Promise<number> {
  const limit = options.all ? Infinity : options.limit ?? LIST_LIMIT;
  for (const kind of options.kinds) {
    let shown = 0;
    let last = options.after;
    const page = { ...options.filter, after: options.after, limit: Math.min(limit + 1, PAGE), signal };
    for await (const letter of client.deadLetters.all(kind, page)) {
      if (shown === limit) {
        note(`there are more ${kind} letters: --after ${last} --stream ${kind}, or --all`);
        break;
      }
      if (options.json) out.json(letter);
      else out.line(letterLine(kind, foundLetterOf(letter), paint));
      last = letter.id;
      shown++;
    }
    if (shown === 0 && !options.json) note(`no ${kind} letters${options.after ? " after that one" : ""}`);
  }
  return EXIT.done;
}

async function show(context: CommandContext, options: DlqOptions): Promise<number> {
  const { out, note, paint } = context;
  const { found, missing } = await lettersNamed(context, options);
  if (options.raw && found.length > 1) {
    throw new RangeError("Cannot write the bytes of several letters as one: name one, or say which --stream");
  }
  for (const [index, letter] of found.entries()) {
    if (options.raw) out.bytes(letterBytes(letter));
    else if (options.json) out.json(letter);
    else out.line(`${index > 0 ? "\n" : ""}${letterDetails(letter.stream, foundLetterOf(letter), paint)}`);
  }
  for (const id of missing) note(`Cannot show letter ${id}: there is none, in ${options.kinds.join(" or ")}`);
  return missing.length > 0 ? EXIT.failed : EXIT.done;
}

async function requeue(context: CommandContext, options: DlqOptions): Promise<number> {
  const { client, signal, note } = context;
  const { filter, ids, all, limit, dryRun, withEarlier, force } = options;
  const counts = { requeued: 0, gone: 0, refused: 0 };
  for (const kind of options.kinds) {
    const done = await client.deadLetters.requeue(kind, {
      ...filter,
      ...ids.length > 0 ? { ids } : {},
      ...all ? { all } : {},
      limit,
      with_earlier: withEarlier,
      force,
      dry_run: dryRun,
      signal,
    });
    for (const outcome of done.outcomes) tellOutcome(context, kind, outcome, options);
    if (done.outcomes_left_out > 0) note(`… and ${done.outcomes_left_out} more ${kind} letters`);
    for (const name of ["requeued", "gone", "refused"] as const) counts[name] += done.counts[name];
  }
  const parts = Object.entries(counts).filter(([, count]) => count > 0).map(([name, count]) =>
    `${count} ${name}`
  );
  note(`${dryRun ? "dry run: " : ""}${parts.join(", ") || "no letters are meant"}`);
  return counts.refused > 0 ? EXIT.failed : EXIT.done;
}

async function discard(context: CommandContext, options: DlqOptions): Promise<number> {
  const { client, signal, out, err, note, confirm, paint } = context;
  const { found, missing } = await lettersNamed(context, options);
  for (const id of missing) {
    note(`Cannot discard letter ${id}: there is none, in ${options.kinds.join(" or ")}`);
  }
  if (found.length > 0 && !options.yes && !options.dryRun) {
    for (const letter of found) err.line(letterLine(letter.stream, foundLetterOf(letter), (_, text) => text));
    const agreed = confirm(
      `Throw ${found.length === 1 ? "this letter" : `these ${found.length} letters`} away for good?`,
    );
    if (agreed !== true) {
      note(
        agreed === null
          ? "Cannot discard: there is no terminal to ask on, so say --yes"
          : "nothing discarded",
      );
      return EXIT.failed;
    }
  }
  for (const { stream, id } of found) {
    const done = await client.deadLetters.discard(stream, id, { dryRun: options.dryRun, signal });
    if (options.json) out.json(done);
    else out.line(letterLine(stream, foundLetterOf(done.letter), paint));
  }
  note(`${options.dryRun ? "dry run: " : ""}${found.length} discarded`);
  return missing.length > 0 ? EXIT.failed : EXIT.done;
}

/** The letters of these ids, in whichever of the streams they are. */
async function lettersNamed(
  { client, signal }: CommandContext,
  { ids, kinds }: DlqOptions,
): Promise<{ found: Letter[]; missing: string[] }> {
  const found: Letter[] = [];
  const missing: string[] = [];
  for (const id of ids) {
    const before = found.length;
    for (const kind of kinds) {
      try {
        found.push(await client.deadLetters.get(kind, id, { signal }));
      } catch (error) {
        if (!(error instanceof ChrisError) || error.status !== 404) throw error;
      }
    }
    if (found.length === before) missing.push(visibleText(id));
  }
  return { found, missing };
}

function tellOutcome(
  { out, paint }: CommandContext,
  kind: LetterKind,
  told: RequeueOutcome,
  { json, dryRun }: DlqOptions,
): void {
  if (json) return out.json({ dry_run: dryRun, ...told });
  const { outcome, entry_id, why } = told;
  const done = { letter: foundHeadOf(told), outcome, entryId: entry_id, why };
  out.line(outcomeLine(kind, done, { paint, dryRun }));
}
