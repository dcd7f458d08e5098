import type { JobType, LogEvent } from "lib/client/chris_client.ts";
import { FLAG, oneOf, TEXT, timeOf, wholeNumber } from "../command/option.ts";
import type { Command, CommandContext } from "./command.ts";
import { eventsUntilOver } from "./events_until_over.ts";
import { EXIT } from "./exit_codes.ts";
import { COMMON_USAGE, commonOptions, oneJob, parseCommand } from "./parse_command.ts";
import { ReconnectNotes } from "./reconnect_notes.ts";
import { requireJob } from "./require_job.ts";
import { remarkOn, writeLogLine } from "./write_log_line.ts";

const USAGE = `Usage: deno task chris logs JOB [options]

What a job's containers wrote, oldest line first: standard output to standard output, standard error to standard
error. What a terminal would obey or hide is written out (^[, U+202E) unless --raw is given.

  -f, --follow        go on with what is written from now on, until the job ends; a restart of the service is
                      waited for
  --tail N            begin with the last N lines
  --since TIME        only lines of this time or later: 2026-01-15T10:00:00Z, or 90s, 30m, 2h, 7d before now
  --since-cursor ID   begin after this line (cursors: --json)
  -t, --timestamps    put its time before each line
  --type STEP         only lines of copy, plugin, upload or delete
  --stream NAME       only stdout or stderr
  --raw               lines exactly as they were written
${COMMON_USAGE}

Exit code: 0 done; 1 there is no such job; 4 the service cannot be reached; 130 Ctrl-C (the job goes on).`;

const OPTIONS = {
  "follow": { type: "boolean", short: "f", default: false },
  "tail": { type: "string", short: "n" },
  "since": TEXT,
  "since-cursor": TEXT,
  "timestamps": { type: "boolean", short: "t", default: false },
  "type": TEXT,
  "stream": TEXT,
  "raw": FLAG,
} as const;

interface LogsOptions {
  readonly jobId: string;
  readonly follow: boolean;
  readonly tail: number | undefined;
  readonly from: string | undefined;
  readonly since: string | undefined;
  readonly timestamps: boolean;
  readonly raw: boolean;
  readonly json: boolean;
  readonly type: JobType | undefined;
  readonly stream: "stdout" | "stderr" | undefined;
}

/** `chris logs`. */
export const logs: Command = {
  name: "logs",
  summary: "what a job wrote, also while it writes (-f)",
  usage: USAGE,
  prepare(args, url) {
    const { values, positionals } = parseCommand(args, OPTIONS);
    const options: LogsOptions = {
      jobId: oneJob(positionals, "show the logs of"),
      follow: values.follow,
      tail: wholeNumber("--tail", values.tail),
      from: cursor(values["since-cursor"]),
      since: values.since,
      timestamps: values.timestamps,
      raw: values.raw,
      json: values.json,
      type: oneOf("--type", values.type, ["copy", "plugin", "upload", "delete"]),
      stream: oneOf("--stream", values.stream, ["stdout", "stderr"]),
    };
    if (options.tail !== undefined && options.from !== undefined) {
      throw new RangeError("Cannot begin at two places: give --tail or --since-cursor, and not both");
    }
    beginOf(options, 0); // whether it is a time
    return { common: commonOptions(values, url), act: (context) => showLogs(context, options) };
  },
};

/** A place in a log as `--json` tells it. To the service, another text would be the log's beginning. */
function cursor(text: string | undefined): string | undefined {
  if (text === undefined || /^[a-z0-9]{1,32}(_\d+-\d+){3}/.test(text)) return text;
  throw new RangeError(`Cannot begin after "${text}": expected a line's cursor, which --json tells`);
}

async function showLogs(context: CommandContext, options: LogsOptions): Promise<number> {
  const { client, signal, note } = context;
  const { jobId, follow, tail, from } = options;
  const begin = beginOf(options, context.now());
  await requireJob(client, jobId, signal);
  const picky = [options.type, options.stream, options.since].some((value) => value !== undefined);
  const connection = new ReconnectNotes(note);
  // The service counts all lines of a job, so the last ones of some kind are picked here.
  const last = tail !== undefined && picky ? new LastLines(tail) : null;
  const write = (line: LogLine) => writeLine(context, line, options);
  const events = eventsUntilOver(client, jobId, {
    kind: "logs",
    from,
    tail: last ? undefined : tail,
    signal,
    onReconnecting: (what) => connection.lost(what),
  });
  let caughtUp = false;
  for await (const event of events) {
    connection.heard();
    if (event.kind === "gap") tellGap(context, event.data, options);
    else if (event.kind === "logs" && wanted(event.data, options, begin)) {
      if (last && !caughtUp) last.add({ id: event.id, event: event.data });
      else write({ id: event.id, event: event.data });
    } else if (event.kind === "caught-up" && !caughtUp) {
      caughtUp = true;
      last?.take().forEach(write);
      if (!follow) return EXIT.done;
    }
  }
  if (!caughtUp) last?.take().forEach(write);
  return EXIT.done;
}

/** A line with the cursor after it. */
interface LogLine {
  readonly id: string;
  readonly event: LogEvent;
}

/** The last few of many. */
class LastLines {
  readonly #limit: number;
  #lines: LogLine[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(line: LogLine): void {
    this.#lines.push(line);
    // Dropping many at a time costs little for each.
    if (this.#lines.length > 2 * this.#limit + 1_000) this.#lines = this.take();
  }

  take(): LogLine[] {
    return this.#limit === 0 ? [] : this.#lines.slice(-this.#limit);
  }
}

/** From when on lines are wanted (ms since 1970). @throws {RangeError} if it is no time. */
function beginOf({ since }: LogsOptions, now: number): number {
  return since === undefined ? -Infinity : timeOf("--since", since, now);
}

function wanted(event: LogEvent, { type, stream, json }: LogsOptions, begin: number): boolean {
  if (event.eos && !json && !event.gap || Date.parse(event.timestamp) < begin) return false;
  return (type === undefined || event.job_type === type) && (stream === undefined || event.stream === stream);
}

function writeLine(context: CommandContext, { id, event }: LogLine, options: LogsOptions): void {
  if (options.json) return context.out.json({ cursor: id, ...event });
  const remark = remarkOn(event);
  if (remark) context.note(remark);
  if (!event.eos) writeLogLine(event, context, options);
}

function tellGap({ out, note }: CommandContext, gap: { reason?: string }, { json }: LogsOptions): void {
  if (json) out.json({ gap });
  note(`gap: some of the log cannot be had any more${gap.reason ? ` (${gap.reason})` : ""}`);
}
