/**
 * Users who change their minds: they have jobs cancelled at some moment and retried when they are over, as a page
 * does it over HTTP, with impatient clicks.
 *
 * @module
 */
import { sleep } from "lib/run/sleep.ts";
import { ask } from "../observe/answers.ts";
import type { Random } from "../random.ts";
import type { Asked, JobTruth } from "../truth.ts";
import type { World } from "../world.ts";

/** What a user waits for before asking: that the job is at this step, or that its cleanup is held. */
export type Moment = "at once" | "copy" | "plugin" | "upload" | "delete" | "cleanup" | "held";

/** What a user will ask for. A retry is asked for when the job is over. */
export interface Wish {
  readonly action: Asked["action"];
  readonly moment: Moment | "over";
  /** Time from that moment to the clicks (ms), and how many come at once. */
  readonly afterMs: number;
  readonly clicks: number;
}

/** How likely it is that a job is cancelled, that one is retried when it is over, and that the retry is cancelled. */
const CANCELS = 0.35, RETRIES = 0.4, CANCELS_AGAIN = 0.4;
const MOMENTS: readonly Moment[] = [
  "at once",
  "copy",
  "plugin",
  "plugin",
  "upload",
  "delete",
  "cleanup",
  "held",
];
/** Longest time from a moment to the clicks (ms). */
const MOST_AFTER_MS = 1_500;

/** Pause between two looks at the job, and before a click is tried again (ms). */
const AGAIN_MS = 100;
/** Longest time for one try (ms). */
const TRY_MS = 5_000;

/** What will be asked of a job; of most nothing. Pure. */
export function anyWishes(random: Random): Wish[] {
  const cancel = (): Wish => ({
    action: "cancel",
    moment: random.pick(MOMENTS),
    afterMs: random.int(0, MOST_AFTER_MS),
    clicks: random.int(1, 3),
  });
  const wishes = random.chance(CANCELS) ? [cancel()] : [];
  if (!random.chance(RETRIES)) return wishes;
  wishes.push({
    action: "retry",
    moment: "over",
    afterMs: random.int(0, MOST_AFTER_MS),
    clicks: random.int(1, 3),
  });
  return random.chance(CANCELS_AGAIN) ? [...wishes, cancel()] : wishes;
}

/** A user at work. */
export interface UserOptions {
  readonly job: Pick<JobTruth, "jobId">;
  readonly wishes: readonly Wish[];
  /** Told when another attempt was accepted. */
  readonly onRetried: () => void;
}

/**
 * Asks for everything, one thing after the other, each until it is answered, or until `signal` aborts. What came of it
 * is in the answers.
 */
export async function askFor(
  world: Pick<World, "urls">,
  { job: { jobId }, wishes, onRetried }: UserOptions,
  signal: AbortSignal,
): Promise<Asked[]> {
  const asked: Asked[] = [];
  let attempt = 1;
  for (const { action, moment, afterMs, clicks } of wishes) {
    await untilMoment(world, { jobId, moment }, signal);
    await sleep(afterMs, signal);
    if (signal.aborted) break;
    const body = JSON.stringify(action === "retry" ? { after_attempt: attempt, reason: "chaos" } : {});
    const sentAt = Date.now();
    const results = await Promise.all(
      Array.from(
        { length: clicks },
        (_, click) => clickOnce(world, { path: `/api/jobs/${jobId}/${action}`, body, click }, signal),
      ),
    );
    const answers = results.flatMap(({ answer }) => answer ?? []);
    if (answers.length === 0) break;
    asked.push({ action, sentAt, answeredAt: Date.now(), answers });
    const accepted = answers.find(({ status }) => status === 202);
    if (action === "retry" && accepted) {
      attempt = accepted.attempt ?? attempt;
      onRetried();
    }
    // A request to cancel that was given up may still be on its way: it must not find another attempt.
    if (action === "cancel" && results.some(({ tries }) => tries > 1)) break;
  }
  return asked;
}

/** Waits until the job is at the moment, or past it. */
async function untilMoment(
  { urls }: Pick<World, "urls">,
  { jobId, moment }: { jobId: string; moment: Wish["moment"] },
  signal: AbortSignal,
): Promise<void> {
  const order = ["copy", "plugin", "upload", "delete", "cleanup", "completed"];
  if (moment === "at once") return;
  for (let look = 0; !signal.aborted; look++) {
    const workflow = await ask(
      `${urls[look % urls.length]}/api/jobs/${jobId}/workflow`,
      AbortSignal.any([
        signal,
        AbortSignal.timeout(TRY_MS),
      ]),
    );
    const isOver = workflow !== null && workflow.status !== "running";
    const place = order.indexOf(String(workflow?.current_step));
    if (isOver || moment === "held" && typeof workflow?.held === "string") return;
    if (order.includes(moment) && place >= order.indexOf(moment)) return;
    await sleep(AGAIN_MS, signal);
  }
}

/** One click, tried again and again at the services in turn until one answers. */
async function clickOnce(
  { urls }: Pick<World, "urls">,
  { path, body, click }: { path: string; body: string; click: number },
  signal: AbortSignal,
): Promise<{ answer: Asked["answers"][number] | null; tries: number }> {
  let tries = 0;
  while (!signal.aborted) {
    const url = `${urls[(click + tries++) % urls.length]}${path}`;
    try {
      const headers = { "content-type": "application/json" };
      const answer = await fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(TRY_MS) });
      const text = await answer.text();
      if (answer.status === 202 || answer.status === 409) {
        const { attempt } = JSON.parse(text) as { attempt?: number };
        return { answer: { status: answer.status, attempt: attempt ?? null }, tries };
      }
      if (answer.status < 500) return { answer: { status: answer.status, attempt: null }, tries };
    } catch { /* refused, cut off or late */ }
    await sleep(AGAIN_MS, signal);
  }
  return { answer: null, tries };
}
