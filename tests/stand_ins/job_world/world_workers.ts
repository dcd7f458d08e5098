/**
 * The workers of a world. A step of one does what the real worker does at once, if there is anything to do; between
 * reading and writing it is as long on its way as a message is, and Redis may lose what it has read.
 *
 * @module
 */
import {
  decodeLogEvent,
  decodeStatusEvent,
  encodeLogEvent,
  encodeStatusEvent,
  encodeWorkflowEvent,
} from "lib/event/codec.ts";
import { isConfirmation, type StatusEvent } from "lib/event/status.ts";
import type { WorkflowEvent } from "lib/event/workflow.ts";
import { sleep } from "lib/run/sleep.ts";
import { publishedMemoField, publishedMemoKey } from "lib/store/outbox.ts";
import { compareEntryIds, FIRST_ENTRY_ID } from "lib/stream/entry_id.ts";
import { confirmationOf, resultOf } from "../../../workers/task_worker/record_status.ts";
import type { WorldContainer } from "./job.ts";
import type { JobWorld } from "./job_world.ts";
import type { WorkerName } from "./weather.ts";
import type { Outgoing } from "./world_postgres.ts";
import type { WorldEntry } from "./world_redis.ts";

/** A step of a worker; false if there was nothing to do. */
type Step = () => Promise<boolean>;

/** The streams of a world, which have one shard. */
export const STREAMS = { status: "status:0", logs: "logs:0", workflow: "workflow:0" } as const;

/** Lets all workers of a world work until `signal` aborts. */
export async function runWorkers(world: JobWorld, signal: AbortSignal): Promise<void> {
  const steps: Record<Exclude<WorkerName, "hub">, Step> = {
    "log forwarder": logForwarder(world),
    "event forwarder": eventForwarder(world),
    recorder: recorder(world),
    relay: relay(world),
    "log consumer": logConsumer(world),
  };
  const names = Object.keys(steps) as (keyof typeof steps)[];
  await Promise.all(names.map((name) => world.work(name, steps[name], signal)));
}

/** `lib/stream/log_record.ts`: lines from the cursor on, which is in Redis and is written with them. */
function logForwarder(world: JobWorld): Step {
  const { redis, weather, containers } = world;
  const cursorOf = ({ id }: WorldContainer) => Number(redis.held.keys.get(`cursor ${id}`) ?? 0);
  return async () => {
    await noticed(world);
    const behind = containers.filter((one) => !one.removed && cursorOf(one) < one.log.length);
    const container = behind[weather.below(behind.length)];
    if (!container) return false;
    redis.write((held) => {
      const cursor = cursorOf(container);
      const lines = container.log.slice(cursor, cursor + 1 + weather.below(4));
      for (const line of lines) redis.add(held, STREAMS.logs, encodeLogEvent(line));
      held.keys.set(`cursor ${container.id}`, String(cursor + lines.length));
    });
    return true;
  };
}

/** `lib/stream/life_record.ts`: the states of a container not published yet; of all, in order, if Redis lost some. */
function eventForwarder(world: JobWorld): Step {
  const { redis, containers } = world;
  let known = 0;
  const isTold = ({ event_id }: StatusEvent) => redis.held.keys.has(`told ${event_id}`);
  const count = () => Number(redis.held.keys.get("publications") ?? 0);
  const inOrder: WorldContainer[] = [];
  return async () => {
    await noticed(world);
    if (count() < known) {
      inOrder.splice(0, Infinity, ...containers.filter(({ removed }) => !removed));
      known = 0;
    }
    const next = inOrder.shift() ?? containers.find(({ removed, life }) => !removed && !life.every(isTold));
    if (!next) return false;
    redis.write((held) => {
      const untold = next.life.filter((event) => !isTold(event));
      for (const event of untold) {
        redis.add(held, STREAMS.status, encodeStatusEvent(event));
        held.keys.set(`told ${event.event_id}`, "1");
      }
      if (untold.length > 0) held.keys.set("publications", String(count() + 1));
    });
    known = Math.max(known, count());
    return true;
  };
}

/** Forwarders may be the last to learn that Redis has lost something. */
async function noticed({ unnoticedUntil, now }: JobWorld): Promise<void> {
  if (unnoticedUntil > now) await sleep(unnoticedUntil - now);
}

/** The status consumer and `process_status.ts`: the next state, after those before it that are not recorded. */
function recorder(world: JobWorld): Step {
  const { redis, weather, postgres } = world;
  return async () => {
    const [next] = redis.after(STREAMS.status, redis.held.keys.get("status group") ?? FIRST_ENTRY_ID);
    if (!next) return false;
    redis.write(({ keys }) => keys.set("status group", next.id));
    await weather.delay();
    await weather.gate("recorder");
    const missed = redis.after(STREAMS.status, postgres.recordedUpTo)
      .filter(({ id }) => compareEntryIds(id, next.id) < 0);
    for (const entry of [...missed, next]) record(world, entry);
    world.change();
    return true;
  };
}

/** `record_status.ts`: one transaction. */
function record(world: JobWorld, { id, data }: WorldEntry): void {
  const { postgres } = world;
  const event = decodeStatusEvent(data);
  if (isConfirmation(event.status)) return;
  if (compareEntryIds(id, postgres.recordedUpTo) > 0) postgres.recordedUpTo = id;
  const confirmation = confirmationOf(event);
  if (!postgres.record(event, id)) {
    if (postgres.moveBehindEarlier(event, id) && confirmation) postgres.sendAgain(confirmation.event_id);
    return;
  }
  if (confirmation) postgres.addToOutbox({ stream: "status", event: confirmation });
  const result = resultOf(event);
  const container = world.containers.find((one) => one.id === event.container_id);
  if (result === null || container?.attempt !== postgres.flows.get(event.job_id)?.attempt) return;
  world.apply(event.job_id, { kind: "stepEnded", outcome: { step: event.job_type, result, error: null } });
}

/** `relay.ts` and `publish_once.ts`: rows into the streams, then the note where they went, unless it is lost. */
function relay({ redis, weather, postgres }: JobWorld): Step {
  const held = () => Number(redis.held.keys.get("publication") ?? 0);
  return async () => {
    const rows = postgres.outbox.filter(({ published }) => !published).map((row) => ({ row, id: row.id }));
    if (held() < postgres.lastPublication) {
      postgres.unpublishAfter(held());
      return true;
    }
    if (rows.length === 0) return false;
    const publication = postgres.nextPublication++;
    await weather.delay();
    await weather.gate("relay");
    if (held() < postgres.lastPublication) return true;
    const places = redis.write(({ keys }) => {
      keys.set("publication", String(publication));
      return rows.map(({ row, id }) => publish(redis, keys, { ...row, id }));
    });
    await weather.delay();
    await weather.gate("relay");
    if (weather.below(8) === 0) return true; // it died, or Postgres was away
    for (const [at, { row, id }] of rows.entries()) {
      // What is to be sent again by now is another row.
      if (row.id === id) Object.assign(row, { entryId: places[at], published: true, publication });
    }
    postgres.lastPublication = publication;
    return true;
  };
}

/** Where a row went: as Redis remembers, or just now. */
function publish(
  redis: JobWorld["redis"],
  keys: Map<string, string>,
  { id, jobId, event, stream }: Outgoing,
): string {
  const memo = `${publishedMemoKey(jobId)} ${publishedMemoField({ id: String(id), event })}`;
  const data = stream === "status"
    ? encodeStatusEvent(event as StatusEvent)
    : encodeWorkflowEvent(event as WorkflowEvent);
  const place = keys.get(memo) ?? redis.add(redis.held, STREAMS[stream], data);
  keys.set(memo, place);
  return place;
}

/** `shard_consumer.ts`: hands out what is new after what was left pending, stores it, and acknowledges it. */
function logConsumer(world: JobWorld): Step {
  const { redis, weather, logStore } = world;
  return async () => {
    const { delivered, pending } = redis.held.group ?? { delivered: FIRST_ENTRY_ID, pending: [] };
    const fresh = redis.after(STREAMS.logs, delivered).slice(0, 1 + weather.below(5));
    const batch = pending.length > 0
      ? redis.after(STREAMS.logs, FIRST_ENTRY_ID).filter(({ id }) => pending.includes(id))
      : fresh;
    if (batch.length === 0) return false;
    const ids = batch.map(({ id }) => id);
    if (batch === fresh) {
      redis.write((held) => held.group = { delivered: ids.at(-1) ?? delivered, pending: ids });
    }
    await weather.delay();
    await weather.gate("log consumer");
    const events = batch.map(({ data }) => decodeLogEvent(data));
    for (const [at, event] of events.entries()) logStore.write(ids[at] ?? "", event);
    world.change();
    await weather.delay();
    await weather.gate("log consumer");
    redis.write((held) => {
      // Who lost what he had in hand proves nothing.
      if (!held.group || !ids.every((id) => held.group?.pending.includes(id))) return;
      held.group = { ...held.group, pending: held.group.pending.filter((id) => !ids.includes(id)) };
      for (const { eos, container_id } of events) if (eos) held.keys.set(`flushed ${container_id}`, "1");
    });
    return true;
  };
}
