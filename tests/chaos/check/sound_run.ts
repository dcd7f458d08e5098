/**
 * A run of one job in which everything went well, made up: for tests of the checker.
 *
 * @module
 */
import type { Observations, SeenContainer, SeenEntry, SeenEvent } from "../observations.ts";
import { containerName, type JobTruth, stepsRun, workflowLines } from "../truth.ts";
import { lineId, statusId, wireTime, workflowId } from "./ids.ts";

/** The made-up job's id. */
export const JOB = "job-1z";

/** Everything that a checker gets. */
export interface SoundRun {
  readonly truth: JobTruth;
  readonly observations: Observations;
}

/** A plugin that writes three lines and succeeds; one client sees all of it. */
export function soundRun(): SoundRun {
  const stdout = ["one", "two", "three"];
  const truth: JobTruth = {
    jobId: JOB,
    recipe: "made-up",
    stdout,
    stderr: [],
    end: { exit: 0 },
    acceptedAt: 1,
  };
  const containers = stepsRun(truth).map((step, index): SeenContainer => ({
    id: `id-of-${step}`,
    name: containerName(JOB, step),
    createdAt: `2026-01-01T00:0${index}:00.1Z`,
    startedAt: `2026-01-01T00:0${index}:00.2Z`,
    finishedAt: `2026-01-01T00:0${index}:00.3Z`,
    exitCode: 0,
    lines: (step === "plugin" ? stdout : [step]).map((text) => ({ stream: "stdout", text })),
    storedBeforeRemoval: step === "plugin" ? 3 : 1,
    removedAt: 1_000,
  }));
  const statuses = containers.flatMap(statesTold);
  const logs = containers.flatMap(linesTold);
  const workflow = workflowLines(truth).map(({ step, stepStatus, workflowStatus }) => {
    const event = {
      job_id: JOB,
      current_step: step,
      current_step_status: stepStatus,
      workflow_status: workflowStatus,
    };
    return { event_id: workflowId(event), ...event };
  });
  const entries = [
    ...statuses.map((event, index) => entry("stream:job-status:0", index, event)),
    ...logs.map((event, index) => entry("stream:job-logs:0", index, event)),
    ...workflow.map((event, index) => entry("stream:job-workflow:0", index, event)),
  ];
  const told = (kind: string, events: readonly object[]) =>
    events.map((data): SeenEvent => ({ client: "stays", jobId: JOB, kind, id: "x", data, at: 100_000 }));
  const states = statuses.filter(({ status }) => !status.startsWith("confirmed"));
  return {
    truth,
    observations: {
      entries,
      events: [
        ...told("status", statuses),
        ...told("logs", logs),
        ...told("workflow", workflow),
        ...told("end", [{}]),
      ],
      clients: [{ client: "stays", jobId: JOB, ended: true }],
      containers,
      confirmations: [{ jobId: JOB, eventId: "any", durable: true }],
      pfconCalls: stepsRun(truth).map((jobType) => ({
        at: 900,
        method: "DELETE",
        path: "",
        jobId: JOB,
        jobType,
        status: 204,
      })),
      finals: [{
        jobId: JOB,
        workflow: {
          current_step: "completed",
          status: "finishedSuccessfully",
          updated_at: "1970-01-01T00:00:01Z",
          held: null,
        },
        statuses: states,
        logs: logs.filter(({ eos }) => !eos),
      }],
      tables: {
        job_status: states.filter(({ status }) => status.startsWith("finished")),
        job_workflow: [{ job_id: JOB, current_step: "completed", status: "finishedSuccessfully" }],
        job_workflow_events: workflow,
      },
      deadLetters: [],
      injected: [],
      redisLosses: [],
      stops: [{ worker: "log_consumer 1", code: 0, ms: 100, signals: 1 }],
      healedAt: 1_000,
    },
  };
}

/** An entry with an event. */
export function entry(stream: string, number: number, event: object, generation = 0): SeenEntry {
  return { stream, id: `${number + 1}-0`, data: JSON.stringify(event), generation, at: 0, injected: false };
}

function statesTold(container: SeenContainer) {
  const job_type = stepOf(container);
  return ([
    ["notStarted", container.createdAt, null],
    ["started", container.startedAt, null],
    ["finishedSuccessfully", container.finishedAt, 0],
    ["confirmed_finishedSuccessfully", container.finishedAt, 0],
  ] as const).map(([status, time, exit_code], index, all) => {
    const timestamp = wireTime(time);
    const event_id = statusId(JOB, job_type, status, timestamp);
    const previous_status = all[index - 1]?.[0] ?? null;
    return {
      event_id,
      job_id: JOB,
      job_type,
      status,
      previous_status,
      exit_code,
      timestamp,
      container_id: container.id,
    };
  });
}

function linesTold({ lines, ...container }: SeenContainer) {
  const timestamp = wireTime(container.startedAt);
  const told = (line: string, stream: string, seq: number, eos: boolean) => {
    const of = {
      job_id: JOB,
      job_type: stepOf(container),
      container_name: container.name,
      stream,
      timestamp,
      line,
    };
    return { event_id: lineId(of, 1), ...of, eos, seq, container_id: container.id };
  };
  return [
    ...lines.map(({ text, stream }, index) => told(text, stream, index + 1, false)),
    told("", "", lines.length, true),
  ];
}

function stepOf({ id }: Pick<SeenContainer, "id">): string {
  return id.slice("id-of-".length);
}
