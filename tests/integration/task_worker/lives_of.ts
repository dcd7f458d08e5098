import type { JobType } from "lib/event/status.ts";
import type { WorkflowStep } from "lib/event/workflow.ts";
import { after, BEGINNING, type Ending, type Standing } from "lib/testing/workflow_model.ts";

/** What the model says of a job, attempt by attempt, each of which goes by the same plan. */
export function livesOf(
  plan: Readonly<Record<JobType, Ending>>,
  { attempts, made, cancelledAt }: {
    readonly attempts: number;
    readonly made: readonly { readonly attempt: number; readonly step: JobType }[];
    /** By attempt, the step at which the workflow stood when it was cancelled. */
    readonly cancelledAt: ReadonlyMap<number, WorkflowStep>;
  },
): Standing[] {
  const lives: Standing[] = [];
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const before = lives.at(-1);
    let life = before ? after(before, "retry") : BEGINNING;
    while (life.step !== "completed") {
      const { step } = life;
      const isCancelled = step === cancelledAt.get(attempt);
      if (isCancelled) life = after(life, "cancel");
      if (step === "cleanup") {
        life = after(life, "cleaned up");
        continue;
      }
      // A step that has no container when it is cancelled gets none.
      const wasMade = made.some((one) => one.attempt === attempt && one.step === step);
      const passedOver = isCancelled && step !== "delete" && !wasMade;
      life = after(life, { step, ending: passedOver ? "skipped" : plan[step] });
    }
    lives.push(life);
  }
  return lives;
}
