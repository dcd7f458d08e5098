/**
 * Plants in Redis: entries that are added or taken away, unknown to the world, so that they count as the system's own.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { sleep } from "lib/run/sleep.ts";
import { addEntry } from "../faults/add_entry.ts";
import { changed, lineOf } from "./rows.ts";
import type { Plant, PlantTools } from "./plant.ts";

/** Longest wait for what was planted to take effect (ms). */
const EFFECT_MS = 90_000;

/** Entries of streams and of dead letters are tampered with. */
export const ENTRY_PLANTS: readonly Plant[] = [
  {
    name: "G1-doubled-entry",
    guarantee: "G1",
    about: "a line is published twice",
    during: async (tools, { jobId }) => {
      const line = await entryOf(tools, jobId, '"stream":"stdout"');
      await tools.redis.xadd(line.stream, "*", "data", line.data);
    },
  },
  {
    name: "G3-wrong-time",
    guarantee: "G3",
    about: "a container's start is told with another time, too",
    after: async (tools, { jobId }) => {
      const { stream, data } = await entryOf(tools, jobId, '"job_type":"plugin","status":"started"');
      const event = JSON.parse(data);
      await tools.redis.xadd(
        stream,
        "*",
        "data",
        JSON.stringify(withTime(event, "2020-01-01T00:00:00+00:00")),
      );
      await untilSeen(tools, (seen) => seen.data.includes("2020-01-01T00:00:00"));
    },
  },
  {
    name: "G6-early-confirmation",
    guarantee: "G6",
    about: "the end of a plugin that is running is confirmed",
    during: async (tools, { jobId }) => {
      const { stream, data } = await entryOf(tools, jobId, '"job_type":"plugin","status":"started"');
      const status = "confirmed_finishedSuccessfully";
      const event = { ...JSON.parse(data), status, previous_status: "finishedSuccessfully", exit_code: 0 };
      await tools.redis.xadd(stream, "*", "data", JSON.stringify(withTime(event, event.timestamp)));
    },
  },
  {
    name: "G8-good-dead-letter",
    guarantee: "G8",
    about: "an entry that is good is among the dead letters",
    after: async (tools, { jobId }) => {
      const line = await entryOf(tools, jobId, '"stream":"stdout"');
      await tools.redis.xadd("stream:job-logs-dlq", "*", "data", line.data, "reason", "none", ...[
        ...["error", "", "origin_stream", line.stream, "origin_id", line.id],
      ]);
    },
  },
  {
    name: "G9-lost-dead-letter",
    guarantee: "G9",
    about: "a dead letter is deleted",
    after: async (tools, { jobId }) => {
      const { stream } = await entryOf(tools, jobId, '"stream":"stdout"');
      await addEntry(tools.world, tools.redis, { stream, kind: "poison", fields: { data: `{"${jobId}` } });
      const letters = tools.observers.tap.deadLetters;
      const letter = await until(tools, () => letters.find(({ fields }) => fields.data === `{"${jobId}`));
      await tools.redis.xdel(letter.stream, letter.id);
      return `${stream} ${letter.fields.origin_id}`;
    },
  },
  {
    name: "G14-lost-after-flush",
    guarantee: "G14",
    about: "Redis loses everything while a job runs, and of what is published again a line is not stored",
    during: async ({ world, redis, observers, signal }, { jobId }) => {
      const { losses } = observers.tap;
      const before = losses.length;
      await entryOf({ world, redis, observers, signal }, jobId, '"stream":"stdout"');
      world.redisLost();
      await redis.flushall();
      await until({ signal }, () => losses.length > before || undefined);
    },
    after: ({ sql }, { jobId }) => changed(sql`DELETE FROM job_logs WHERE ${lineOf(sql, jobId)}`),
  },
];

type Waiting = Pick<PlantTools, "signal">;

/** The first entry of a job that holds `text`. */
async function entryOf(
  tools: Pick<PlantTools, "world" | "redis" | "observers" | "signal">,
  jobId: string,
  text: string,
) {
  return await until(
    tools,
    () =>
      tools.observers.tap.entries.find(({ data }) =>
        data.includes(`"job_id":"${jobId}"`) && data.includes('"job_type":"plugin"') && data.includes(text)
      ),
  );
}

async function untilSeen(tools: PlantTools, condition: (entry: { data: string }) => boolean): Promise<void> {
  await until(tools, () => tools.observers.tap.entries.find(condition));
}

async function until<T>({ signal }: Waiting, look: () => T | undefined): Promise<T> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(EFFECT_MS)]);
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (late.aborted) throw new Error("Cannot plant: what it needs did not come");
    await sleep(20, late);
  }
}

/** The same event at another time, with the id that it would have. */
function withTime(event: Record<string, string>, timestamp: string): Record<string, string> {
  const text = `${event.job_id}:${event.job_type}:${event.status}:${timestamp.replace("T", " ")}`;
  return { ...event, timestamp, event_id: createHash("sha256").update(text).digest("hex").slice(0, 24) };
}
