import { type Attempts, ChrisError } from "lib/client/chris_client.ts";
import type { Paint } from "../command/paint.ts";
import { visibleText } from "../command/visible_bytes.ts";
import type { Command, CommandContext } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { nextStep } from "./next_step.ts";
import { COMMON_USAGE, commonOptions, oneJob, parseCommand } from "./parse_command.ts";
import { statusWord, workflowLines } from "./show_workflow.ts";

const USAGE = `Usage: deno task chris status JOB [options]

Where a job stands: its steps with their times, why it waits or failed, what to do about it, and who had it cancelled
or retried.

${COMMON_USAGE}

Exit code: 0 done; 1 there is no such job; 4 the service cannot be reached.`;

/** `chris status`. */
export const status: Command = {
  name: "status",
  summary: "where a job stands, why it failed, what to do",
  usage: USAGE,
  prepare(args, url) {
    const { values, positionals } = parseCommand(args, {});
    const jobId = oneJob(positionals, "show the status of");
    return { common: commonOptions(values, url), act: (context) => showStatus(context, jobId, values.json) };
  },
};

async function showStatus(context: CommandContext, jobId: string, json: boolean): Promise<number> {
  const { client, signal, out, paint, now } = context;
  const [view, history] = await Promise.all([
    client.workflow(jobId, { signal }).catch(unlessUnknown),
    client.attempts(jobId, { signal }).catch(unlessUnknown),
  ]);
  if (!view) return await showContainers(context, jobId, json);
  const next = nextStep(view);
  if (json) out.json({ ...view, next_step: next, attempts: history?.attempts ?? [] });
  else {
    for (const line of workflowLines(view, { now: now(), paint })) out.line(line);
    for (const line of askedLines(history, paint)) out.line(line);
    if (next) out.line(`  next    ${next}`);
  }
  return EXIT.done;
}

/** A job that was not ordered through us has containers, but no workflow. */
async function showContainers({ client, signal, out, paint }: CommandContext, jobId: string, json: boolean) {
  const { statuses } = await client.statusHistory(jobId, { latest: true, signal });
  if (statuses.length === 0) {
    throw new ChrisError(`Cannot show job ${JSON.stringify(jobId)}: the service knows nothing of it`, {
      status: 404,
      code: "not_found",
    });
  }
  if (json) out.json({ job_id: jobId, statuses });
  else {
    out.line(`${paint("bold", jobId)}  without a workflow; its containers:`);
    for (const each of statuses) {
      out.line(
        `  ${visibleText(each.job_type).padEnd(8)}${statusWord(each.status, paint)}  ${each.updated_at}`,
      );
    }
  }
  return EXIT.done;
}

function askedLines(history: Attempts | null, paint: Paint): string[] {
  return (history?.attempts ?? []).flatMap(({ attempt, asked }) =>
    asked.map(({ action, by, reason, at }) => {
      const who = by ? ` by ${visibleText(by)}` : "";
      const why = reason ? `: ${visibleText(reason)}` : "";
      return paint("dim", `  ${action.padEnd(7)} asked of attempt ${attempt}${who} at ${at}${why}`);
    })
  );
}

function unlessUnknown(error: unknown): null {
  if (error instanceof ChrisError && error.status === 404) return null;
  throw error;
}
