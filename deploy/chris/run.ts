import type { JobParams } from "lib/client/chris_client.ts";
import { FLAG, TEXT } from "../command/option.ts";
import type { Command, CommandContext } from "./command.ts";
import { EXIT } from "./exit_codes.ts";
import { JOB_OPTIONS, jobFile, jobRequest } from "./job_request.ts";
import { COMMON_USAGE, commonOptions, parseCommand } from "./parse_command.ts";
import { watchJob } from "./watch.ts";

const USAGE = `Usage: deno task chris run [JOB] --image NAME --entrypoint WORDS [options] [-- ARG …]
       deno task chris run [JOB] --file job.json [options]

Runs a job and prints its id; an id is made up if none is given. The same command with the same id may be given
again: the job runs once.

What to run:
  --image NAME           container image
  --entrypoint WORDS     program, with words quoted as in a shell (may be given several times)
  --args WORDS           arguments, quoted as in a shell (may be given several times)
  -- ARG …               further arguments, taken as they are
  --env KEY=VALUE        environment (may be given several times)
  --type TYPE            ds (default), fs or ts
  --input-dirs PATH      input in the store (may be given several times)
  --output-dir PATH      output in the store
  --cpu-limit N          thousandths of a CPU        --memory-limit N       MiB
  --gpu-limit N          GPUs                        --number-of-workers N  containers at a time
  --auid NAME            whom to run it for
  --file FILE            these as JSON (image, entrypoint, input_dirs, …; also job_id); - is standard input;
                         options count more than the file

Then:
  --wait                 show its steps until it is over; the exit code is the outcome
  --follow               its log lines as well (so --wait)
${COMMON_USAGE}

Exit code: 0 accepted, with --wait finishedSuccessfully; 1 refused, finishedWithError or failed; 2 the command line
cannot work; 3 cancelled; 4 the service cannot be reached; 130 Ctrl-C (the job goes on).`;

const OPTIONS = { ...JOB_OPTIONS, "file": TEXT, "wait": FLAG, "follow": FLAG } as const;

interface RunOptions {
  readonly jobId: string | undefined;
  readonly params: Partial<JobParams>;
  readonly file: string | undefined;
  readonly wait: boolean;
  readonly follow: boolean;
  readonly json: boolean;
}

/** `chris run`. */
export const run: Command = {
  name: "run",
  summary: "run a job, and --wait for it",
  usage: USAGE,
  prepare(args, url) {
    const at = args.includes("--") ? args.indexOf("--") : args.length;
    const { values, positionals } = parseCommand(args.slice(0, at), OPTIONS);
    const [jobId, ...rest] = positionals;
    if (rest.length > 0) {
      throw new RangeError(`Cannot run "${rest[0]}": give one job's id, and arguments after --args or --`);
    }
    const params = jobRequest(values, args.slice(at + 1));
    const { file, wait, follow, json } = values;
    if (file === undefined && (!params.image || !params.entrypoint)) {
      throw new RangeError("Cannot run a job: give --image and --entrypoint, or --file");
    }
    const options: RunOptions = { jobId, params, file, wait, follow, json };
    const inputFile = file === undefined || file === "-" ? null : file;
    return { common: commonOptions(values, url, inputFile), act: (context) => runJob(context, options) };
  },
};

async function runJob(context: CommandContext, options: RunOptions): Promise<number> {
  const { client, out, signal, note } = context;
  const { file, json, follow, wait } = options;
  const given = file === undefined
    ? { jobId: undefined, params: {} }
    : jobFile(await context.readText(file), file === "-" ? "standard input" : file);
  const jobId = options.jobId ?? given.jobId ?? newJobId();
  // What is missing, the service names better than we could.
  const params = { ...given.params, ...options.params } as JobParams;
  const answer = await client.run(jobId, params, { signal });
  if (json) out.json(answer);
  else {
    out.line(jobId);
    if (answer.status === "already_submitted") {
      note("this job was accepted before; it is not run a second time");
    }
  }
  if (!wait && !follow) return EXIT.done;
  return await watchJob(context, jobId, { logs: follow, json, on: json ? "out" : "err" });
}

/** With letters that are no hex digits: such an id cannot be taken for a container's. */
function newJobId(): string {
  return `chris-${crypto.randomUUID().slice(0, 13)}`;
}
