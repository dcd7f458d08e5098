/**
 * The sample workflow of the demo.
 *
 * @module
 */

/** Lines the sample's plugin writes. */
export const SAMPLE_LINES = 20;

/** What the plugin does: counts for a few seconds, then copies its input to its output. */
const SCRIPT = [
  `i=1; while [ $i -le ${SAMPLE_LINES - 2} ]; do echo "slice $i of ${SAMPLE_LINES - 2}: looks fine"`,
  "sleep 0.2; i=$((i+1)); done",
  'echo "nothing suspicious found" >&2; cp "$1"/* "$2"/; echo done',
].join("; ");

/** Where the sample's input lies in the store. */
export const SAMPLE_INPUT = "demo/incoming";

/** The sample as what the web page's form proposes. */
export function sampleSettings(image: string): Record<string, string> {
  return {
    SAMPLE_IMAGE: image,
    SAMPLE_ENTRYPOINT: "sh -c",
    SAMPLE_ARGS: `'${SCRIPT}' sample`,
    SAMPLE_INPUT_DIRS: SAMPLE_INPUT,
  };
}

/** The body of `POST /api/jobs/{id}/run` for the sample. */
export function sampleJob(jobId: string, image: string) {
  return {
    image,
    entrypoint: ["sh", "-c", SCRIPT],
    args: ["sample"],
    type: "ds",
    input_dirs: SAMPLE_INPUT,
    output_dir: `demo/outgoing/${jobId}`,
  };
}

/** What was seen of a sample. */
export interface SampleSeen {
  /** The workflow's last state, "" if none was seen. */
  readonly workflowStatus: string;
  readonly error: string | null;
  /** Lines of the plugin that arrived. */
  readonly lines: number;
}

/** What is wrong with what was seen, or null if the sample ended as it should. Pure. */
export function sampleFault(seen: SampleSeen): string | null {
  if (seen.workflowStatus !== "finishedSuccessfully") {
    const state = seen.workflowStatus || "not known: no workflow event arrived";
    return `the workflow's state is ${state}${seen.error ? ` (${seen.error})` : ""}`;
  }
  if (seen.lines !== SAMPLE_LINES) return `${seen.lines} of ${SAMPLE_LINES} log lines arrived`;
  return null;
}
