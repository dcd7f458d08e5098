import { ChrisError } from "lib/client/chris_client.ts";
import { FLAG, TEXT } from "../command/option.ts";
import { visibleText } from "../command/visible_bytes.ts";
import type { Command, CommandContext } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { COMMON_USAGE, commonOptions, parseCommand } from "./parse_command.ts";
import { watchJob } from "./watch.ts";

type Action = "cancel" | "retry";

const SAID: Record<Action, { summary: string; text: string; codes: string }> = {
  cancel: {
    summary: "stop jobs and clean up after them",
    text: "Stops jobs: ends their step, deletes their data, cleans up. Cancelling again changes nothing.",
    codes: "with --wait 0: cancelled",
  },
  retry: {
    summary: "run jobs again that did not succeed",
    text:
      "Begins another attempt at jobs that did not succeed, with the same parameters. It goes through all steps: what\n" +
      "earlier ones left was removed when the job ended.",
    codes: "with --wait the outcome: 0 finishedSuccessfully, 1 finishedWithError or failed, 3 cancelled",
  },
};

/** `chris cancel`. */
export const cancel: Command = command("cancel");

/** `chris retry`. */
export const retry: Command = command("retry");

interface ControlOptions {
  readonly jobs: readonly string[];
  readonly reason: string | undefined;
  readonly wait: boolean;
  readonly json: boolean;
}

function command(action: Action): Command {
  const { summary, text, codes } = SAID[action];
  return {
    name: action,
    summary,
    usage: `Usage: deno task chris ${action} JOB … [options]

${text}

  --reason TEXT       why, for the record
  --wait              show the job's steps until it is over (one job)
${COMMON_USAGE}

Exit code: 0 done (${codes}); 1 there is no such job, or it is the wrong time for that;
4 the service cannot be reached.`,
    prepare(args, url) {
      const { values, positionals } = parseCommand(args, { reason: TEXT, wait: FLAG });
      const { reason, wait, json } = values;
      if (positionals.length === 0) throw new RangeError(`Cannot ${action}: give a job's id`);
      if (wait && positionals.length > 1) {
        throw new RangeError(`Cannot wait for ${positionals.length} jobs: give one`);
      }
      const options = { jobs: positionals, reason, wait, json };
      return { common: commonOptions(values, url), act: (context) => act(context, action, options) };
    },
  };
}

async function act(context: CommandContext, action: Action, options: ControlOptions): Promise<number> {
  const { client, out, note, signal } = context;
  const { jobs, reason, wait, json } = options;
  let refused = 0;
  for (const jobId of jobs) {
    try {
      const answer = await client[action](jobId, { reason, signal });
      if (json) out.json(answer);
      else out.line(`${visibleText(jobId)}  ${answer.status}  attempt ${answer.attempt}`);
    } catch (error) {
      // One job that refuses is no reason to leave the others alone; who may not do it at all need not try on.
      if (!(error instanceof ChrisError) || ![404, 409, 422].includes(error.status)) throw error;
      note(error.message);
      refused++;
    }
  }
  const [jobId = ""] = jobs;
  if (refused > 0) return EXIT.failed;
  if (!wait) return EXIT.done;
  const code = await watchJob(context, jobId, { logs: false, json, on: "out" });
  return action === "cancel" && code === EXIT.cancelled ? EXIT.done : code;
}
