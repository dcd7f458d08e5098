/**
 * Submitting the sample and showing what happens to it.
 *
 * @module
 */
import { followJob } from "./follow_job.ts";
import { sampleFault, sampleJob } from "./sample.ts";
import { showEvent } from "./show_event.ts";
import type { Terminal } from "./terminal.ts";

/** Longest time a sample may take (ms). */
const TIMEOUT_MS = 180_000;

/**
 * Submits a sample to the API, shows its events until its end, and says what is wrong with it, or null if it
 * ended as it should. Stops showing when `signal` aborts.
 *
 * @throws {Error} if the API does not accept the job.
 */
export async function runSample(
  api: string,
  image: string,
  options: { terminal: Terminal; signal: AbortSignal },
): Promise<string | null> {
  const { terminal, signal } = options;
  const jobId = `sample-${crypto.randomUUID().slice(0, 8)}`;
  const response = await fetch(`${api}/api/jobs/${jobId}/run`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(sampleJob(jobId, image)),
    signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)]),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`Cannot submit the sample: ${response.status} ${answer}`);
  terminal.line(`\n${terminal.style("bold", `Sample job ${jobId}`)} (times are UTC)`);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const seen = { workflowStatus: "", error: null as string | null, lines: 0 };
  for await (const event of followJob(api, jobId, AbortSignal.any([signal, timeout]))) {
    const line = showEvent(event, terminal);
    if (line) terminal.line(line);
    if (event.kind === "workflow") {
      seen.workflowStatus = String(event.data.workflow_status);
      seen.error = event.data.error ? String(event.data.error) : null;
    }
    if (event.kind === "logs" && event.data.job_type === "plugin" && !event.data.eos) seen.lines++;
  }
  const fault = sampleFault(seen);
  return fault && timeout.aborted ? `after ${TIMEOUT_MS / 1000} s ${fault}` : fault;
}
