import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { JOB_TYPES, type JobType } from "../event/status.ts";
import type { StepResult } from "./verdict.ts";
import { advance, begin, type Fact, type Flow, type NextDeed, type Transition } from "./workflow.ts";

const RESULTS = ["finishedSuccessfully", "finishedWithError", "undefined", "skipped", "not-run"] as const;

function ended(step: JobType, result: StepResult, error: string | null = null): Fact {
  return { kind: "stepEnded", outcome: { step, result, error } };
}

const cleanedUp: Fact = { kind: "cleanedUp" };

/** Tells facts one after the other; returns where that leads, with everything that went out on the way. */
function tell(facts: readonly Fact[], flow: Flow = begin().flow) {
  const transitions: Transition[] = [];
  const orders: string[] = [];
  for (const fact of facts) {
    const decision = advance(flow, fact);
    if (decision.kind === "ignore") continue;
    flow = decision.flow;
    transitions.push(...decision.transitions);
    if (decision.order) orders.push(nameOf(decision.order));
  }
  return { flow, transitions, orders };
}

function nameOf(order: NextDeed): string {
  if ("cleanUp" in order) return "cleanUp";
  return "start" in order ? order.start : `stop ${order.stop}`;
}

function lines(transitions: readonly Transition[]): string[] {
  return transitions.map(({ step, stepStatus, status, error }) =>
    [step, stepStatus, status, ...(error === null ? [] : [error])].join(" ")
  );
}

Deno.test("begin() announces copy as the first step", () => {
  const { flow, transition } = begin();
  assertEquals(flow, { step: "copy", status: "running", outcomes: [], attempt: 1, cancelling: false });
  assertEquals(lines([transition]), ["copy started running"]);
});

Deno.test("advance() leads through all steps to success", () => {
  const facts = [...JOB_TYPES.map((step) => ended(step, "finishedSuccessfully")), cleanedUp];
  const { flow, transitions, orders } = tell(facts);
  assertEquals([flow.step, flow.status], ["completed", "finishedSuccessfully"]);
  assertEquals(orders, ["plugin", "upload", "delete", "cleanUp"]);
  assertEquals(lines(transitions), [
    "copy finishedSuccessfully running",
    "plugin started running",
    "plugin finishedSuccessfully running",
    "upload started running",
    "upload finishedSuccessfully running",
    "delete started running",
    "delete finishedSuccessfully running",
    "cleanup started running",
    "cleanup finishedSuccessfully running",
    "completed finishedSuccessfully finishedSuccessfully",
  ]);
});

const LIVES: Record<string, { ends: [JobType, StepResult, string?][]; told: string[] }> = {
  "nothing to copy or upload": {
    ends: [["copy", "skipped"], ["plugin", "finishedSuccessfully"], ["upload", "skipped"], [
      "delete",
      "skipped",
    ]],
    told: ["completed finishedSuccessfully finishedSuccessfully"],
  },
  "plugin exits with 3": {
    ends: [
      ["copy", "finishedSuccessfully"],
      ["plugin", "finishedWithError", "exited with code 3"],
      ["delete", "finishedSuccessfully"],
    ],
    told: [
      "plugin finishedWithError running exited with code 3",
      "delete started running",
      "completed finishedSuccessfully finishedWithError plugin ended with an error: exited with code 3",
    ],
  },
  "copy fails": {
    ends: [["copy", "finishedWithError"], ["delete", "finishedSuccessfully"]],
    told: ["delete started running", "completed finishedSuccessfully failed copy ended with an error"],
  },
  "the image cannot be pulled": {
    ends: [["copy", "skipped"], ["plugin", "not-run", "no such image"], ["delete", "skipped"]],
    told: ["completed finishedSuccessfully failed plugin could not be run: no such image"],
  },
  "the plugin vanishes": {
    ends: [["copy", "skipped"], ["plugin", "undefined"], ["delete", "skipped"]],
    told: ["completed finishedSuccessfully finishedWithError plugin ended in a way nobody saw"],
  },
  "upload fails": {
    ends: [["copy", "skipped"], ["plugin", "finishedSuccessfully"], ["upload", "finishedWithError"], [
      "delete",
      "finishedSuccessfully",
    ]],
    told: ["completed finishedSuccessfully failed upload ended with an error"],
  },
  "delete fails": {
    ends: [["copy", "skipped"], ["plugin", "finishedSuccessfully"], ["upload", "skipped"], [
      "delete",
      "not-run",
    ]],
    told: [
      "cleanup started running",
      "completed finishedSuccessfully finishedSuccessfully delete could not be run",
    ],
  },
};

for (const [life, { ends, told }] of Object.entries(LIVES)) {
  Deno.test(`advance() tells the life in which ${life}`, () => {
    const { flow, transitions } = tell([...ends.map((end) => ended(...end)), cleanedUp]);
    assertEquals(flow.step, "completed");
    const all = lines(transitions);
    for (const line of told) assert(all.includes(line), `"${line}" is missing in\n${all.join("\n")}`);
    assertEquals(
      flow.outcomes.map(({ step }) => step),
      ends.map(([step]) => step),
      "no other step was begun",
    );
  });
}

Deno.test("advance() ignores what it knows, what is not yet due and what comes when all is over, and says why", () => {
  const { flow } = tell([ended("copy", "skipped")]);
  for (const fact of [ended("copy", "finishedWithError"), ended("upload", "skipped"), cleanedUp]) {
    const decision = advance(flow, fact);
    assert(
      decision.kind === "ignore" && decision.why.endsWith("is not the current step plugin"),
      decision.kind,
    );
  }
  const over = tell([...JOB_TYPES.map((step) => ended(step, "skipped")), cleanedUp]).flow;
  for (const fact of [...JOB_TYPES.map((step) => ended(step, "undefined")), cleanedUp]) {
    assertEquals(advance(over, fact), { kind: "ignore", why: "the workflow is over: failed" });
  }
});

const cancelAsked: Fact = { kind: "cancelAsked", why: "cancelled by alice" };
const retryAsked: Fact = { kind: "retryAsked", why: "retried by bob" };

Deno.test("advance() stops the step of a workflow that is cancelled, then deletes, cleans up and ends it as cancelled", () => {
  const before = [ended("copy", "finishedSuccessfully")];
  const { flow, transitions, orders } = tell([
    ...before,
    cancelAsked,
    ended("plugin", "finishedWithError", "exited with code 137"),
    ended("delete", "finishedSuccessfully"),
    cleanedUp,
  ]);
  assertEquals([flow.step, flow.status], ["completed", "cancelled"]);
  assertEquals(orders, ["plugin", "stop plugin", "delete", "cleanUp"]);
  assertEquals(lines(transitions).slice(2), [
    "plugin cancelling running cancelled by alice",
    "plugin finishedWithError running exited with code 137",
    "delete started running",
    "delete finishedSuccessfully running",
    "cleanup started running",
    "cleanup finishedSuccessfully running",
    "completed finishedSuccessfully cancelled",
  ]);
});

Deno.test("advance() begins nothing but delete in a workflow that is cancelled, however well its step ended", () => {
  for (const [index, step] of (["copy", "plugin", "upload"] as const).entries()) {
    const before = JOB_TYPES.filter((type) => type !== "delete").slice(0, index)
      .map((type) => ended(type, "finishedSuccessfully"));
    for (const result of RESULTS) {
      const { orders } = tell([...before, cancelAsked, ended(step, result)]);
      assertEquals(orders.slice(-2), [`stop ${step}`, "delete"]);
    }
  }
});

Deno.test("advance() stops neither delete nor cleanup when a workflow is cancelled", () => {
  const ends = JOB_TYPES.map((step) => ended(step, "finishedSuccessfully"));
  for (const told of [ends.slice(0, 3), ends]) {
    const { flow } = tell(told);
    const decision = advance(flow, cancelAsked);
    assert(decision.kind === "advance");
    assertEquals([decision.order, decision.flow.step], [null, flow.step]);
    const rest = tell([...ends.slice(told.length), cleanedUp], decision.flow);
    assertEquals(rest.flow.status, "cancelled");
  }
});

Deno.test("advance() takes a second request to cancel for known, and one after the end for late", () => {
  const { flow } = tell([cancelAsked]);
  assertEquals(advance(flow, cancelAsked), {
    kind: "ignore",
    why: "the workflow is being cancelled already",
  });
  const over = tell([...JOB_TYPES.map((step) => ended(step, "finishedSuccessfully")), cleanedUp]).flow;
  assertEquals(advance(over, cancelAsked), {
    kind: "ignore",
    why: "the workflow is over: finishedSuccessfully",
  });
});

Deno.test("advance() begins another attempt at copy, also where none was made", () => {
  const failed = [ended("plugin", "finishedWithError"), ended("delete", "skipped"), cleanedUp];
  const failures = [
    [ended("copy", "finishedSuccessfully"), ...failed],
    [ended("copy", "skipped"), ...failed],
    [cancelAsked, ended("copy", "skipped"), ended("delete", "skipped"), cleanedUp],
  ];
  for (const facts of failures) {
    const { flow, transitions, orders } = tell([retryAsked], tell(facts).flow);
    assertEquals([flow.step, flow.status, flow.attempt, flow.cancelling], ["copy", "running", 2, false]);
    assertEquals(flow.outcomes, []);
    assertEquals(orders, ["copy"]);
    assertEquals(lines(transitions), ["copy retrying running retried by bob", "copy started running"]);
  }
});

Deno.test("advance() retries what was cancelled, and neither what still runs nor what has succeeded", () => {
  const cancelled = tell([cancelAsked, ended("copy", "skipped"), ended("delete", "skipped"), cleanedUp]).flow;
  assertEquals(cancelled.status, "cancelled");
  const again = tell([retryAsked, ended("copy", "finishedSuccessfully")], cancelled);
  assertEquals([again.flow.step, again.flow.cancelling], ["plugin", false]);
  const succeeded = tell([...JOB_TYPES.map((step) => ended(step, "finishedSuccessfully")), cleanedUp]).flow;
  for (const flow of [begin().flow, tell([cancelAsked]).flow, again.flow, succeeded]) {
    assertEquals(advance(flow, retryAsked).kind, "ignore");
  }
});

/** What must come of a workflow whose steps would end so: written from the rules, without the code under test. */
function model(ends: Readonly<Record<JobType, StepResult>>): { run: string[]; verdict: string } {
  const well = (step: JobType) => ends[step] === "finishedSuccessfully" || ends[step] === "skipped";
  const run = [
    "copy",
    ...(well("copy") ? ["plugin"] : []),
    ...(well("copy") && well("plugin") ? ["upload"] : []),
  ];
  const verdict = () => {
    if (!well("copy")) return "failed";
    if (ends.plugin === "finishedWithError" || ends.plugin === "undefined") return "finishedWithError";
    if (ends.plugin !== "finishedSuccessfully" && ends.plugin !== "skipped") return "failed";
    return well("upload") && ends.plugin !== "skipped" ? "finishedSuccessfully" : "failed";
  };
  return { run: [...run, "delete", "cleanUp"], verdict: verdict() };
}

Deno.test("G7 advance() comes to the model's verdict through any repeated, early and late facts, ordering each step once", () => {
  const result = fc.constantFrom(...RESULTS);
  const anyEnds = fc.record(
    Object.fromEntries(JOB_TYPES.map((step) => [step, result])) as Record<JobType, fc.Arbitrary<StepResult>>,
  );
  const anyNoise = fc.oneof(
    fc.record({ step: fc.constantFrom(...JOB_TYPES), result }).map(({ step, result }) => ended(step, result)),
    fc.constant(cleanedUp),
  );
  fc.assert(
    fc.property(anyEnds, fc.array(fc.array(anyNoise, { maxLength: 6 }), { maxLength: 8 }), (ends, noise) => {
      const { flow: first } = begin();
      let flow = first;
      const ordered = ["copy"];
      for (let turn = 0; flow.status === "running"; turn++) {
        const due = flow.step;
        // What is due only becomes true once; everything else may be told at any time.
        const wrong = (noise[turn] ?? []).filter((fact) => stepOf(fact) !== due);
        const now = due === "cleanup" || due === "completed" ? cleanedUp : ended(due, ends[due]);
        const told = tell(
          [...wrong, now, ...wrong.filter((fact) => !isDueAfter(fact, flow, now)), now],
          flow,
        );
        flow = told.flow;
        ordered.push(...told.orders);
      }
      assertEquals({ run: ordered, verdict: flow.status }, model(ends));
    }),
    { numRuns: 500 },
  );
});

/** Whether the fact would be about the step that follows: then it would not be noise. */
function isDueAfter(fact: Fact, flow: Flow, now: Fact): boolean {
  const { flow: { step } } = tell([now], flow);
  return stepOf(fact) === step;
}

/** The step that the fact ends. */
function stepOf(fact: Fact): string | null {
  return fact.kind === "stepEnded" ? fact.outcome.step : fact.kind === "cleanedUp" ? "cleanup" : null;
}
