import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ConfirmedStatus, JOB_TYPES, JobStatus, type JobType, type StatusEvent } from "lib/event/status.ts";
import { WORKFLOW_STEPS } from "lib/event/workflow.ts";
import { advance, begin, type Fact, type Flow, type Transition } from "lib/job/workflow.ts";
import {
  after,
  BEGINNING,
  type Ending,
  endingIn,
  ENDINGS,
  lifeWith,
  type Saying,
  type Standing,
} from "lib/testing/workflow_model.ts";
import { resultOf } from "../workers/task_worker/record_status.ts";

/** Something that reaches the task worker: an event of a container, or what it found out itself. */
type Told =
  | { readonly event: Pick<StatusEvent, "job_type" | "status" | "previous_status" | "reason"> }
  | { readonly found: { readonly step: JobType; readonly ending: "skipped" | "not-run" | "undefined" } }
  | { readonly cleanedUp: true }
  | { readonly asked: "cancel" | "retry" };

const anyStep = fc.constantFrom(...JOB_TYPES);

/** Events as forwarders make them: a reason comes with a bad end alone. */
const anyEvent: fc.Arbitrary<Told> = fc.record({
  job_type: anyStep,
  status: fc.constantFrom(...JobStatus.options, ...ConfirmedStatus.options),
  previous_status: fc.constantFrom("notStarted", "started", null),
  code: fc.constantFrom("exit", "oom-killed", "image-pull", "config", "evicted", "start-failed", null),
}).map(({ code, ...event }) => ({
  event: { ...event, reason: code && event.status === "finishedWithError" ? { code, text: "" } : null },
}));
const anyFinding: fc.Arbitrary<Told> = fc.record({
  step: anyStep,
  ending: fc.constantFrom("skipped" as const, "not-run" as const, "undefined" as const),
}).map((found) => ({ found }));
const anyTold = fc.oneof(
  { weight: 6, arbitrary: anyEvent },
  { weight: 1, arbitrary: anyFinding },
  { weight: 1, arbitrary: fc.constant<Told>({ cleanedUp: true }) },
);
/** The same, and what people ask for in between. */
const anyToldOrAsked = fc.oneof(
  { weight: 6, arbitrary: anyTold },
  { weight: 1, arbitrary: fc.constantFrom<Told>({ asked: "cancel" }, { asked: "retry" }) },
);

const anyEnds = fc.record(
  Object.fromEntries(JOB_TYPES.map((step) => [step, fc.constantFrom(...ENDINGS)])) as Record<
    JobType,
    fc.Arbitrary<Ending>
  >,
);

/** How the task worker reads what it is told. */
function factOf(told: Told): Fact | null {
  if ("cleanedUp" in told) return { kind: "cleanedUp" };
  if ("asked" in told) return { kind: `${told.asked}Asked`, why: "somebody asks" };
  if ("found" in told) {
    return { kind: "stepEnded", outcome: { step: told.found.step, result: told.found.ending } };
  }
  const result = resultOf(told.event as StatusEvent);
  return result && { kind: "stepEnded", outcome: { step: told.event.job_type, result } };
}

/** How the model reads it. */
function sayingOf(told: Told): Saying | null {
  if ("cleanedUp" in told) return "cleaned up";
  if ("asked" in told) return told.asked;
  if ("found" in told) return told.found;
  const ending = endingIn(told.event);
  return ending && { step: told.event.job_type, ending };
}

/** The product, told one thing after the other. */
class Product {
  flow: Flow = begin().flow;
  readonly transitions: Transition[] = [begin().transition];
  /** Each with its attempt. */
  readonly orders: string[] = ["1 copy"];

  tell(told: Told): void {
    const fact = factOf(told);
    const decision = fact && advance(this.flow, fact);
    if (decision?.kind !== "advance") return;
    this.flow = decision.flow;
    this.transitions.push(...decision.transitions);
    if (decision.order) this.orders.push(`${this.flow.attempt} ${Object.entries(decision.order).join()}`);
  }

  /** In the model's form. */
  standing(): Standing {
    return {
      step: this.flow.step,
      verdict: this.flow.status,
      ends: Object.fromEntries(this.flow.outcomes.map(({ step, result }) => [step, result])),
      moves: this.transitions.map(({ step, stepStatus, status }) => `${step} ${stepStatus} ${status}`),
      unwanted: this.flow.cancelling,
      attempt: this.flow.attempt,
    };
  }
}

/** What must be true of the product at any time. */
function assertSound({ orders, transitions }: Product): void {
  assertEquals(new Set(orders).size, orders.length, `ordered twice: ${orders}`);
  for (const attempt of attemptsOf(transitions)) {
    const steps = attempt.map(({ step }) => WORKFLOW_STEPS.indexOf(step));
    assert(steps.every((step, index) => step >= (steps[index - 1] ?? 0)), "a workflow event goes backwards");
    const ends = attempt.filter(({ status }) => status !== "running");
    assert(
      ends.length <= 1 && (ends.length === 0 || ends[0] === attempt.at(-1)),
      "something follows the end",
    );
    const cancelled = attempt.findIndex(({ stepStatus }) => stepStatus === "cancelling");
    const begun = cancelled < 0
      ? []
      : attempt.slice(cancelled).filter((move) => move.stepStatus === "started");
    assert(begun.every(({ step }) => step === "delete" || step === "cleanup"), "begun although unwanted");
  }
}

/** The transitions of each attempt. */
function attemptsOf(transitions: readonly Transition[]): Transition[][] {
  const attempts: Transition[][] = [[]];
  for (const transition of transitions) {
    if (transition.stepStatus === "retrying") attempts.push([]);
    attempts.at(-1)?.push(transition);
  }
  return attempts;
}

Deno.test("G7 advance() stands where the model stands after any sequence of events, doubled, late, early or contradictory", () => {
  fc.assert(
    fc.property(fc.array(anyToldOrAsked, { maxLength: 80 }), (sequence) => {
      const product = new Product();
      let model = BEGINNING;
      for (const told of sequence) {
        product.tell(told);
        const saying = sayingOf(told);
        if (saying) model = after(model, saying);
        assertEquals(product.standing(), model);
        assertSound(product);
      }
    }),
    { numRuns: 1_000 },
  );
});

/** What tells that a step ended so. */
function tellingOf(step: JobType, ending: Ending): Told {
  if (ending === "skipped" || ending === "not-run") return { found: { step, ending } };
  return { event: { job_type: step, status: ending, previous_status: "started", reason: null } };
}

Deno.test("G7 advance() comes to one verdict, the model's, whatever the order in which the same facts come", () => {
  const sequences = anyEnds.chain((ends) => {
    const { ends: due } = lifeWith(ends);
    const tellings: Told[] = [
      ...JOB_TYPES.flatMap((step) => due[step] ? [tellingOf(step, due[step])] : []),
      { cleanedUp: true },
    ];
    const copies = [...tellings, ...tellings, ...tellings];
    const shuffled = fc.shuffledSubarray(copies, { minLength: 0, maxLength: copies.length });
    // Whatever came too early is told again: sources repeat what was not taken.
    return fc.record({
      ends: fc.constant(ends),
      sequence: shuffled.map((mixed) => [...mixed, ...tellings, ...mixed]),
    });
  });
  fc.assert(
    fc.property(sequences, ({ ends, sequence }) => {
      const product = new Product();
      for (const told of sequence) product.tell(told);
      assertEquals(product.standing(), lifeWith(ends));
      assertSound(product);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("G7 advance() ends every sequence that holds the needed facts in their order, whatever lies between", () => {
  const sequences = fc.record({
    ends: anyEnds,
    noise: fc.array(fc.array(fc.oneof(anyTold, fc.constant<Told>({ asked: "cancel" })), { maxLength: 8 }), {
      maxLength: 8,
    }),
  });
  fc.assert(
    fc.property(sequences, ({ ends, noise }) => {
      const product = new Product();
      const needed: Told[] = [...JOB_TYPES.map((step) => tellingOf(step, ends[step])), { cleanedUp: true }];
      for (const [index, told] of needed.entries()) {
        for (const other of noise[index] ?? []) product.tell(other);
        product.tell(told);
      }
      assertEquals(product.flow.step, "completed");
      assert(product.flow.status !== "running");
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("G7 advance() comes to the model's end through cancelling and retrying at any moment", () => {
  const attempt = fc.record({
    ends: anyEnds,
    cancelAt: fc.option(fc.nat({ max: 5 })),
    noise: fc.array(anyTold, { maxLength: 10 }),
  });
  fc.assert(
    fc.property(fc.array(attempt, { minLength: 1, maxLength: 4 }), (attempts) => {
      const product = new Product();
      let model = BEGINNING;
      const tell = (told: Told) => {
        product.tell(told);
        const saying = sayingOf(told);
        if (saying) model = after(model, saying);
      };
      for (const { ends, cancelAt, noise } of attempts) {
        for (let turn = 0; model.step !== "completed"; turn++) {
          if (turn === cancelAt) tell({ asked: "cancel" });
          tell({ asked: "retry" }); // too early
          tell(model.step === "cleanup" ? { cleanedUp: true } : tellingOf(model.step, ends[model.step]));
        }
        assertEquals(product.standing(), model);
        for (const told of noise) tell(told); // too late
        tell({ asked: "cancel" });
        assertEquals(product.standing(), model);
        const { attempt, verdict } = model;
        tell({ asked: "retry" });
        assertEquals(model.attempt, verdict === "finishedSuccessfully" ? attempt : attempt + 1);
        if (verdict === "finishedSuccessfully") break;
      }
      assertSound(product);
    }),
    { numRuns: 1_000 },
  );
});

Deno.test("the model of the workflow knows the lives that the contract tells", () => {
  const well = "finishedSuccessfully";
  const all = { copy: well, plugin: well, upload: well, delete: well } as const;
  const verdicts: [Partial<Record<JobType, Ending>>, string][] = [
    [{}, well],
    [{ copy: "skipped", upload: "skipped", delete: "skipped" }, well],
    [{ delete: "finishedWithError" }, well],
    [{ plugin: "finishedWithError" }, "finishedWithError"],
    [{ plugin: "undefined" }, "finishedWithError"],
    [{ plugin: "not-run" }, "failed"],
    [{ copy: "finishedWithError" }, "failed"],
    [{ upload: "undefined" }, "failed"],
  ];
  for (const [changes, verdict] of verdicts) {
    assertEquals(lifeWith({ ...all, ...changes }).verdict, verdict, JSON.stringify(changes));
  }
  assertEquals(lifeWith({ ...all, plugin: "finishedWithError" }).moves, [
    "copy started running",
    "copy finishedSuccessfully running",
    "plugin started running",
    "plugin finishedWithError running",
    "delete started running",
    "delete finishedSuccessfully running",
    "cleanup started running",
    "cleanup finishedSuccessfully running",
    "completed finishedSuccessfully finishedWithError",
  ]);
});

Deno.test("the model of the workflow knows what cancelling and retrying come to", () => {
  const cancelled = ["cancel", { step: "copy", ending: "finishedSuccessfully" }, {
    step: "delete",
    ending: "skipped",
  }, "cleaned up"] as const;
  const over = cancelled.reduce(after, BEGINNING);
  assertEquals([over.step, over.verdict], ["completed", "cancelled"]);
  assertEquals(over.moves.slice(0, 4), [
    "copy started running",
    "copy cancelling running",
    "copy finishedSuccessfully running",
    "delete started running",
  ]);
  const again = after(over, "retry");
  assertEquals([again.step, again.verdict, again.attempt, again.unwanted], ["copy", "running", 2, false]);
  assertEquals(after(again, "retry"), again);
});
