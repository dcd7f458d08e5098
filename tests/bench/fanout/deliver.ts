/**
 * One server, one number of clients: how many messages a second they get, and how late.
 *
 * @module
 */
import type { Contender } from "./contender.ts";
import { JobLines } from "./job_lines.ts";
import { Readers } from "./readers.ts";
import { sentAt } from "./sent_times.ts";

/** Before the rate is taken, and while it is (ms). */
const WARM_UP_MS = 700;
const RATE_MS = 2_000;
/** While delays are taken (ms). */
const PACED_MS = 2_000;
/** For the last messages to arrive (ms). */
const PATIENCE_MS = 60_000;
/**
 * Lines that may be under way to a single client while the rate is taken; to many fewer, by the root of their number.
 */
const UNDER_WAY = 2_000;
/** Lines published at once at most: no job prints more in a few milliseconds, and no buffer is made for it. */
const BURST = 200;

/** What is measured: a server, and a job of its own with so many clients. */
export interface Case {
  readonly contender: Contender;
  readonly jobId: string;
  readonly clients: number;
}

/**
 * Messages per second, all clients together, as fast as they get them: the next lines are published when the slowest
 * client has most of the last.
 *
 * @throws {Error} if messages are missing in the end.
 */
export async function deliveredPerSecond(subject: Case): Promise<number> {
  await using audience = await gather(subject);
  const { readers, lines } = audience;
  const window = Math.ceil(UNDER_WAY / Math.sqrt(subject.clients));
  const begin = performance.now();
  let first: { at: number; events: number } | null = null;
  let rate = NaN;
  for (let report = readers.report; Number.isNaN(rate); report = await readers.next()) {
    const passed = performance.now() - begin;
    if (passed >= WARM_UP_MS) first ??= report;
    if (first && passed >= WARM_UP_MS + RATE_MS) {
      rate = (report.events - first.events) / (report.at - first.at) * 1_000;
    }
    const due = (subject.contender.mostPerSecond ?? Infinity) * passed / 1_000 - lines.count;
    const room = Math.min(window - (audience.published - report.slowest), Math.ceil(due));
    if (room > 0) await subject.contender.publish(subject.jobId, lines.take(Math.min(room, BURST)));
  }
  await audience.allArrived();
  return rate;
}

/**
 * Delays (ms) from publishing to the client, at an even pace of lines per second.
 *
 * @throws {Error} if messages are missing in the end.
 */
export async function delaysAtPace(subject: Case, perSecond: number): Promise<readonly number[]> {
  await using audience = await gather(subject);
  const now = () => performance.timeOrigin + performance.now();
  const begin = performance.now();
  for (let sent = 0; performance.now() - begin < PACED_MS;) {
    const due = Math.ceil((performance.now() - begin) / 1_000 * perSecond);
    for (; sent < due; sent++) {
      await subject.contender.publish(subject.jobId, [audience.lines.next(sentAt(now()))]);
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await audience.allArrived();
  return await audience.readers.finish();
}

/** The clients of a case, connected and at rest. */
interface Audience extends AsyncDisposable {
  readonly readers: Readers;
  readonly lines: JobLines;
  /** Messages that each client should have by now. */
  readonly published: number;
  allArrived(): Promise<void>;
}

async function gather({ contender, jobId, clients }: Case): Promise<Audience> {
  await contender.forget();
  const readers = await Readers.connect({
    port: contender.port,
    requests: [contender.request(jobId)],
    clients,
  });
  await readers.settled();
  const greeting = readers.report.slowest;
  const lines = new JobLines(jobId);
  return {
    readers,
    lines,
    get published() {
      return greeting + lines.count;
    },
    allArrived: () => allArrived(readers, { server: contender.name, count: greeting + lines.count }),
    [Symbol.asyncDispose]: () => readers[Symbol.asyncDispose](),
  };
}

async function allArrived(
  readers: Readers,
  { server, count }: { server: string; count: number },
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (let report = readers.report; report.slowest < count; report = await readers.next()) {
    if (performance.now() < deadline && report.closed === 0) continue;
    const state = `${report.slowest} of ${count} messages, ${report.closed} streams have ended`;
    throw new Error(`Cannot measure ${server}: a client has only ${state}`);
  }
}
