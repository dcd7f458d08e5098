import { FLAG } from "../command/option.ts";
import type { Command, CommandContext } from "./command.ts";
import { exitCodeOf } from "./exit_codes.ts";
import { followJob } from "./follow_job.ts";
import { openViewer } from "./open_viewer.ts";
import { COMMON_USAGE, commonOptions, oneJob, parseCommand } from "./parse_command.ts";

const USAGE = `Usage: deno task chris watch JOB [options]

Shows a job's steps as they go on, until it is over: on a terminal in one block that is drawn anew, elsewhere a line
for each thing that happens.

  --follow            its log lines as well
${COMMON_USAGE}

Exit code: as the workflow ends: 0 finishedSuccessfully; 1 finishedWithError or failed; 3 cancelled. 4: the service
cannot be reached; 130: Ctrl-C (the job goes on).`;

/** `chris watch`. */
export const watch: Command = {
  name: "watch",
  summary: "a job's steps as they go on",
  usage: USAGE,
  prepare(args, url) {
    const { values, positionals } = parseCommand(args, { follow: FLAG });
    const jobId = oneJob(positionals, "watch");
    return {
      common: commonOptions(values, url),
      act: (context) => watchJob(context, jobId, { logs: values.follow, json: values.json, on: "out" }),
    };
  },
};

/** Shows a job until it is over; the exit code that tells how it ended. */
export async function watchJob(
  context: CommandContext,
  jobId: string,
  { logs, json, on }: { logs: boolean; json: boolean; on: "out" | "err" },
): Promise<number> {
  const broken = new AbortController();
  using viewer = openViewer(context, { json, on, onFault: (fault) => broken.abort(fault) });
  const signal = AbortSignal.any([context.signal, broken.signal]);
  try {
    const view = await followJob(context.client, jobId, { logs, viewer, signal });
    return exitCodeOf(view.status);
  } catch (error) {
    // Whoever stops looking does not stop the job.
    if (context.signal.aborted) {
      viewer.note(
        `the job goes on. To look again: deno task chris watch ${jobId}; to end it: deno task chris cancel ${jobId}`,
      );
    }
    throw error;
  }
}
