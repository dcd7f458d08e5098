/**
 * What `deno task dlq` does. Each function returns the exit code: 0 done, 1 something could not be done.
 *
 * @module
 */
import type { Redis } from "ioredis";
import { DeadLetters } from "lib/stream/dead_letters/dead_letters.ts";
import { discard } from "lib/stream/dead_letters/discard.ts";
import type { FoundLetter } from "lib/stream/dead_letters/found_letter.ts";
import { letterJson } from "lib/stream/dead_letters/letter_json.ts";
import {
  type LetterKind,
  type LetterSettings,
  letterSources,
} from "lib/stream/dead_letters/letter_sources.ts";
import { requeue } from "lib/stream/dead_letters/requeue.ts";
import type { Output } from "../command/output.ts";
import type { Paint } from "../command/paint.ts";
import type { DlqOptions } from "./options.ts";
import { letterDetails, letterLine } from "./show_letter.ts";
import { Tally } from "./tally.ts";

/** What a command works with. */
export interface CommandContext {
  readonly redis: Redis;
  readonly settings: LetterSettings;
  readonly options: DlqOptions;
  readonly out: Output;
  readonly paint: Paint;
  /** Tells people what is no result. */
  readonly note: (text: string) => void;
  /** Keeps a record of what was changed. */
  readonly audit: (fields: Record<string, unknown>) => void;
  /** Asks the person at the terminal; null if there is none to ask. */
  readonly confirm: (question: string) => boolean | null;
}

/** Letters that the question before a discard shows. */
const SAMPLE = 5;

/** Does what the command line says. @throws {OutageError} when Redis refuses. */
export async function runCommand(context: CommandContext): Promise<number> {
  switch (context.options.action) {
    case "list":
      return await list(context);
    case "show":
      return await show(context);
    case "requeue":
      return await putBack(context);
    case "discard":
      return await throwAway(context);
  }
}

async function list({ options, out, paint, note, ...context }: CommandContext): Promise<number> {
  const { filter, after, limit, json } = options;
  for (const [kind, letters] of queues({ options, ...context })) {
    let shown = 0;
    let last: string | undefined = after;
    // One more than is shown, to know whether there are more.
    for await (const page of letters.pages(filter, { ...(after ? { after } : {}), limit: limit + 1 })) {
      for (const letter of page) {
        if (++shown > limit) note(`there are more ${kind} letters: --after ${last}, or --limit 0`);
        else if (json) out.json(letterJson(kind, letter));
        else out.line(letterLine(kind, letter, paint));
        last = letter.id;
      }
    }
    if (shown === 0 && !json) note(`no ${kind} letters${after ? " after that one" : ""}`);
  }
  return 0;
}

async function show({ options, out, paint, note, ...context }: CommandContext): Promise<number> {
  const found: [LetterKind, FoundLetter][] = [];
  let missing = 0;
  for (const id of options.filter.ids ?? []) {
    const before = found.length;
    for (const [kind, letters] of queues({ options, ...context })) {
      const letter = await letters.find(id);
      if (letter) found.push([kind, letter]);
    }
    if (found.length > before) continue;
    note(`Cannot show letter ${id}: there is none, in ${options.kinds.join(" or ")}`);
    missing++;
  }
  if (options.raw && found.length > 1) {
    note("Cannot write the bytes of several letters as one: name one, or say which --stream");
    return 1;
  }
  for (const [index, [kind, letter]] of found.entries()) {
    if (options.raw) out.bytes(letter.data);
    else if (options.json) out.json(letterJson(kind, letter));
    else out.line(`${index > 0 ? "\n" : ""}${letterDetails(kind, letter, paint)}`);
  }
  return missing > 0 ? 1 : 0;
}

async function putBack(context: CommandContext): Promise<number> {
  const { filter, limit, withEarlier, force, dryRun } = context.options;
  const tally = new Tally(context);
  for (const [kind, letters] of queues(context)) {
    for await (const done of requeue(letters, { filter, limit, withEarlier, force, dryRun })) {
      tally.add(kind, done);
    }
  }
  return tally.conclude();
}

async function throwAway(context: CommandContext): Promise<number> {
  const { filter, limit, yes, dryRun } = context.options;
  const meant: [LetterKind, DeadLetters, string][] = [];
  for (const [kind, letters] of queues(context)) meant.push([kind, letters, await letters.newest()]);
  if (!yes && !dryRun) {
    const agreed = await ask(context, meant);
    if (agreed !== true) {
      context.note(
        agreed === null
          ? "Cannot discard: there is no terminal to ask on, so say --yes"
          : "nothing discarded",
      );
      return 1;
    }
  }
  const tally = new Tally(context);
  for (const [kind, letters, upTo] of meant) {
    for await (const done of discard(letters, { filter: { ...filter, upTo }, limit, dryRun })) {
      tally.add(kind, done);
    }
  }
  return tally.conclude();
}

/** Whether the letters may be thrown away; null if nobody can be asked. True if there are none. */
async function ask(
  { options, note, paint, confirm }: CommandContext,
  meant: readonly [LetterKind, DeadLetters, string][],
): Promise<boolean | null> {
  let count = 0;
  const sample: string[] = [];
  for (const [kind, letters, upTo] of meant) {
    for await (const page of letters.pages({ ...options.filter, upTo }, { limit: options.limit })) {
      count += page.length;
      for (const letter of page.slice(0, SAMPLE - sample.length)) {
        sample.push(letterLine(kind, letter, paint));
      }
    }
  }
  if (count === 0) return true;
  for (const line of sample) note(line);
  if (count > sample.length) note(`… and ${count - sample.length} more`);
  return confirm(`Throw ${count === 1 ? "this letter" : `these ${count} letters`} away for good?`);
}

function queues(
  { redis, settings, options }: Pick<CommandContext, "redis" | "settings" | "options">,
): [LetterKind, DeadLetters][] {
  const sources = letterSources(settings);
  return options.kinds.map((kind) => [kind, new DeadLetters(redis, sources[kind])]);
}
