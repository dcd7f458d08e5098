import type { ListedJob, WorkflowStatus } from "lib/client/chris_client.ts";
import { FLAG, LIST, oneOf, TEXT, wholeNumber } from "../command/option.ts";
import type { Paint } from "../command/paint.ts";
import { visibleText } from "../command/visible_bytes.ts";
import type { Command, CommandContext } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { COMMON_USAGE, commonOptions, parseCommand } from "./parse_command.ts";
import { statusWord } from "./show_workflow.ts";

const STATUSES = ["running", "finishedSuccessfully", "finishedWithError", "failed", "cancelled"] as const;

const USAGE = `Usage: deno task chris list [options]

Jobs, newest first.

  --status STATUS     only these: ${STATUSES.join(", ")}
                      (several: divided by commas, or given several times)
  --q TEXT            only jobs with this text in their id or image
  --limit N           the first N (default: 20)
  --all               all of them
${COMMON_USAGE}

Exit code: 0 done, also if there is none; 4 the service cannot be reached.`;

const LIMIT = 20;
/** Most jobs that the service gives at a time. */
const PAGE = 500;

/** `chris list`. */
export const list: Command = {
  name: "list",
  summary: "jobs, newest first",
  usage: USAGE,
  prepare(args, url) {
    const { values, positionals } = parseCommand(args, { status: LIST, q: TEXT, limit: TEXT, all: FLAG });
    if (positionals.length > 0) throw new RangeError(`Cannot list "${positionals[0]}": to search, say --q`);
    if (values.all && values.limit !== undefined) throw new RangeError("Cannot list --all with a --limit");
    const status = (values.status ?? []).flatMap((text) => text.split(",")).flatMap((word) => {
      return oneOf("--status", word, STATUSES) ?? [];
    });
    const limit = values.all ? Infinity : wholeNumber("--limit", values.limit) ?? LIMIT;
    const wanted = { status, q: values.q, limit, json: values.json };
    return { common: commonOptions(values, url), act: (context) => listJobs(context, wanted) };
  },
};

async function listJobs(
  { client, signal, out, note, paint, now }: CommandContext,
  { status, q, limit, json }: {
    status: WorkflowStatus[];
    q: string | undefined;
    limit: number;
    json: boolean;
  },
): Promise<number> {
  let shown = 0;
  if (limit === 0) return EXIT.done;
  for await (const job of client.allJobs({ status, q, limit: Math.min(limit + 1, PAGE), signal })) {
    if (shown === limit) {
      note(`there are more jobs: --all, or --limit ${limit * 5}`);
      return EXIT.done;
    }
    if (json) out.json(job);
    else out.line(jobLine(job, { paint, now: now() }));
    shown++;
  }
  if (shown === 0 && !json) note("no jobs");
  return EXIT.done;
}

/** One line for a job. */
function jobLine(job: ListedJob, { paint, now }: { paint: Paint; now: number }): string {
  const status = statusWord(job.status, paint) + " ".repeat(Math.max(0, 22 - job.status.length));
  const step = job.status === "running" ? visibleText(job.current_step) : "";
  const remark = job.held ? paint("yellow", `  held: ${visibleText(job.held)}`) : "";
  return [
    visibleText(job.job_id).padEnd(28),
    status,
    step.padEnd(10),
    paint("dim", age(now - Date.parse(job.created_at)).padEnd(8)),
    paint("dim", visibleText(job.image ?? "")) + remark,
  ].join(" ").trimEnd();
}

/** How long ago, in the largest unit. */
function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds}s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)}h ago`;
  return `${Math.floor(seconds / 86_400)}d ago`;
}
