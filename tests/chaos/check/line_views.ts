/**
 * Each place where the lines of a container can be seen, beside what the container wrote. Pure.
 *
 * @module
 */
import { compareLines, type Difference } from "./compare_lines.ts";
import { type Evidence, firstOfEach, type JobContainer, started, type Told } from "./evidence.ts";

/** One stream of one container as seen in one place. */
export interface LineView {
  readonly container: JobContainer;
  /** Such as `stdout of plugin at client "cut"`. */
  readonly where: string;
  readonly expected: readonly string[];
  readonly seen: readonly string[];
}

/** All log events of one container as seen in one place: lines of both streams, and markers unless it shows none. */
export interface LogView {
  readonly container: JobContainer;
  /** Such as `the log of plugin at client "cut"`. */
  readonly where: string;
  readonly events: readonly Told[];
  readonly hasMarkers: boolean;
}

/** How long after its removal a log may still not be stored, while the log consumers are attacked (ms). */
const STORED_MS = 45_000;

/** The streams of a process. */
const OUTPUTS = ["stdout", "stderr"] as const;

/** A view, and how it differs from what was written. */
export interface ComparedView extends LineView {
  readonly differences: readonly Difference[];
}

const compared = new WeakMap<Evidence, ComparedView[]>();

/** Every stream of every container that ran, in every place, compared; worked out once for all checks. */
export function lineViews(evidence: Evidence): ComparedView[] {
  const known = compared.get(evidence);
  if (known) return known;
  const views = [...engineViews(evidence), ...logViews(evidence).flatMap((view) => linesOf(evidence, view))]
    .map((view) => ({ ...view, differences: differencesOf(evidence, view) }));
  compared.set(evidence, views);
  return views;
}

function differencesOf(evidence: Evidence, { container, expected, seen }: LineView): Difference[] {
  const lost = mayBeLost(evidence, container);
  return compareLines(expected, seen).filter(({ kind }) => kind !== "lost" || !lost);
}

/**
 * A stopped container's log cannot be read once more: what Redis lost of it before it was stored, or before we read it,
 * is lost, and no difference.
 */
export function mayBeLost(
  { observations }: Evidence,
  { stopped, startedAt, removedAt }: JobContainer,
): boolean {
  return stopped &&
    observations.redisLosses.some(({ after, noticed }) =>
      Date.parse(startedAt) < noticed && after < (removedAt ?? 0) + STORED_MS
    );
}

/** Every container's log in every place where the system shows it. */
export function logViews(evidence: Evidence): LogView[] {
  const answers = new Map(evidence.observations.finals.map((answer) => [answer.jobId, answer.logs]));
  const clients = Map.groupBy(evidence.clients, ({ jobId }) => jobId);
  return started(evidence).flatMap((container) => {
    const { jobId, step } = container;
    const ofContainer = (events: readonly Told[]) =>
      events.filter((event) => event?.container_id === container.id);
    const view = (where: string, events: readonly Told[], hasMarkers = true) => ({
      container,
      where: `${step} ${where}`,
      events: ofContainer(events),
      hasMarkers,
    });
    return [
      view("in the log stream", firstOfEach(evidence.logs.get(jobId) ?? []).map(({ event }) => event)),
      view("in the log store's answer", answers.get(jobId) ?? [], false),
      ...(clients.get(jobId) ?? []).filter(({ attempts }) => container.attempt <= attempts).map((
        { client, events },
      ) =>
        view(
          `at the client that ${CLIENTS[client] ?? client}`,
          events.filter(({ kind }) => kind === "logs").map(({ data }) => data),
        )
      ),
    ];
  });
}

/** Clients, as a sentence calls them. */
const CLIENTS: Readonly<Record<string, string>> = {
  stays: "stays",
  cut: "is cut",
  late: "comes late",
  again: "comes back",
};

/**
 * What the container wrote: a plugin what it was made to write, another step what the engine says. One that was
 * stopped wrote the beginning of that: as far as anything in the stream tells, but no less than the engine held before.
 */
function written(
  evidence: Evidence,
  container: JobContainer,
  output: typeof OUTPUTS[number],
): readonly string[] {
  const { jobId, step, lines, stopped, id } = container;
  const truth = step === "plugin" ? evidence.truths.get(jobId) : undefined;
  const engine = lines.filter(({ stream }) => stream === output).map(({ text }) => text);
  const all = truth ? truth[output] : engine;
  if (!stopped) return all;
  const told = firstOfEach(evidence.logs.get(jobId) ?? []).map(({ event }) => event)
    .filter((event) => event.container_id === id && event.stream === output && !event.eos);
  const held = (container.heldWhenAsked ?? []).filter(({ stream }) => stream === output).length;
  const begun = all.slice(0, Math.max(held, told.length));
  // The last line may have been cut off in the middle; and the engine was not asked about what came at the very end.
  const last = told.length - 1;
  const line = String(told[last]?.line ?? "");
  if (last >= 0 && last >= held - 1 && (begun[last] ?? line).startsWith(line)) begun[last] = line;
  return begun;
}

/** The engine itself must hold what plugins were made to write: else the harness, or the engine, is at fault. */
function engineViews(evidence: Evidence): LineView[] {
  return started(evidence).filter(({ step, finishedAt }) => step === "plugin" && finishedAt !== "")
    .flatMap((container) =>
      OUTPUTS.map((output) => ({
        container,
        where: `${output} of plugin in the engine's own record`,
        expected: written(evidence, container, output),
        seen: container.lines.filter(({ stream }) => stream === output).map(({ text }) => text),
      }))
    );
}

function linesOf(evidence: Evidence, { container, where, events }: LogView): LineView[] {
  return OUTPUTS.map((output) => ({
    container,
    where: `${output} of ${where}`,
    expected: written(evidence, container, output),
    seen: events.filter(({ stream, eos }) => stream === output && !eos).map(({ line }) => line),
  }));
}
