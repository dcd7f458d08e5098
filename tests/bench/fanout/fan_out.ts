/**
 * (a) The lines of one job to many clients.
 *
 * @module
 */
import type { Figure } from "../pipeline/measurement.ts";
import { median, percentile } from "../pipeline/stats.ts";
import { delaysAtPace, deliveredPerSecond } from "./deliver.ts";
import type { FanoutBench, Subjects } from "./fanout_bench.ts";

/** What is aimed at: our delivered rate, in those of the other's. */
const TARGET = 2;
/** The numbers of clients for which it is. */
const TARGET_CLIENTS = [100, 1_000];
/** Lines per second that the job prints at most while delays are taken. */
const FASTEST_LINES = 200;
/** Share of the slower server's rate at which delays are taken. */
const PACE = 0.4;

/** One round's numbers of one server. */
interface Run {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

/** Measures both servers in turns, the other one first in every second round. */
export async function fanOut({ service, nchan }: Subjects, bench: FanoutBench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const clients of bench.clients) {
    const runs: { ours: Run; theirs: Run | null }[] = [];
    for (let round = 0; round < bench.rounds; round++) {
      const contenders = nchan ? [service, nchan] : [service];
      const runOf = await oneRound(round % 2 ? contenders.toReversed() : contenders, { clients, round });
      const [ours, theirs = null] = contenders.map(runOf);
      if (!ours) continue;
      runs.push({ ours, theirs });
      const [mine, other] = [ours, theirs].map((run) =>
        run ? Math.round(run.rate).toLocaleString("en") : "-"
      );
      bench.progress(
        `${clients} clients, round ${round + 1} of ${bench.rounds}: ${mine} messages/s, nchan ${other}`,
      );
    }
    figures.push(...figuresOf(clients, runs));
  }
  return figures;
}

/** Rates first; delays then at a pace that the slower one can keep. */
async function oneRound(
  contenders: readonly Subjects["service" | "nchan"][],
  { clients, round }: { clients: number; round: number },
): Promise<(contender: Subjects["service" | "nchan"]) => Run | undefined> {
  const present = contenders.filter((contender) => contender !== null);
  const rates = new Map<unknown, number>();
  const runs = new Map<unknown, Run>();
  for (const contender of present) {
    rates.set(contender, await deliveredPerSecond({ contender, clients, jobId: `rate-${clients}-${round}` }));
  }
  const pace = Math.min(FASTEST_LINES, PACE * Math.min(...rates.values()) / clients);
  for (const contender of present) {
    const delays = await delaysAtPace({ contender, clients, jobId: `delay-${clients}-${round}` }, pace);
    const rate = rates.get(contender) ?? NaN;
    runs.set(contender, { rate, p50: percentile(delays, 0.5), p99: percentile(delays, 0.99) });
  }
  return (contender) => runs.get(contender);
}

function figuresOf(clients: number, runs: readonly { ours: Run; theirs: Run | null }[]): Figure[] {
  const figure = (name: string, unit: string, key: keyof Run): Figure => {
    const ours = runs.map((run) => run.ours[key]);
    const theirs = runs.flatMap((run) => run.theirs?.[key] ?? []);
    const compared = theirs.length === ours.length && {
      baseline: { name: "nchan", value: median(theirs) },
      ratio: median(ours.map((value, round) => value / (theirs[round] ?? NaN))),
    };
    return { name, unit, ours: median(ours), how: "measured", rounds: ours, ...compared };
  };
  const who = `${clients.toLocaleString("en")} client${clients === 1 ? "" : "s"}`;
  const rate = figure(`messages delivered to ${who}`, "messages/s", "rate");
  return [
    TARGET_CLIENTS.includes(clients) ? { ...rate, target: TARGET } : rate,
    figure("  delay, p50 (less is better)", "ms", "p50"),
    figure("  delay, p99 (less is better)", "ms", "p99"),
  ];
}
