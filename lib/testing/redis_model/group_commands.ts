import { FIRST_ENTRY_ID } from "../../stream/entry_id.ts";
import { fullId, isStream, type RedisModel, type Reply, ReplyError } from "./redis_model.ts";
import { entryReply, isWithin } from "./stream_commands.ts";
import { type ModelGroup, type Pending, StreamValue } from "./stream_value.ts";

type Command = (args: readonly string[]) => Reply;

/** The commands on consumer groups, on what `redis` holds. */
export function groupCommands(redis: RedisModel): Record<string, Command> {
  return {
    XGROUP: (args) => changeGroup(redis, args),
    XREADGROUP: (args) => readGroup(redis, args),
    XAUTOCLAIM: (args) => claim(redis, args),
    XPENDING: (args) => pendingOf(redis, args),
    XACK: ([key = "", name = "", ...ids]) => {
      const group = redis.read(key, isStream)?.groups.get(name);
      if (!group) return 0;
      const before = group.pending.length;
      const acked = ids.map((id) => fullId(id));
      group.pending = group.pending.filter((pending) => !acked.includes(pending.id));
      return before - group.pending.length;
    },
    XINFO: (args) => info(redis, args),
  };
}

function changeGroup(
  redis: RedisModel,
  [action = "", key = "", name = "", ...rest]: readonly string[],
): Reply {
  const words = rest.map((word) => word.toUpperCase());
  const read = words.includes("ENTRIESREAD") ? Number(rest[words.indexOf("ENTRIESREAD") + 1]) : null;
  let stream = redis.read(key, isStream);
  if (!stream && action.toUpperCase() === "CREATE" && words.includes("MKSTREAM")) {
    redis.write(key, stream = new StreamValue());
  }
  if (!stream) {
    throw new ReplyError(
      "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the " +
        "MKSTREAM option to create an empty stream automatically.",
    );
  }
  const group = stream.groups.get(name);
  if (action.toUpperCase() === "DESTROY") return stream.groups.delete(name) ? 1 : 0;
  const lastId = rest[0] === "$" ? stream.lastId : fullId(rest[0] ?? "0");
  if (action.toUpperCase() === "SETID") {
    if (!group) throw noGroup(key, name);
    Object.assign(group, { lastId, entriesRead: read });
    return { ok: "OK" };
  }
  if (group) throw new ReplyError("BUSYGROUP Consumer Group name already exists");
  stream.groups.set(name, { lastId, entriesRead: read, consumers: new Set(), pending: [] });
  return { ok: "OK" };
}

/** `XREADGROUP GROUP name consumer [COUNT n] STREAMS key >` of one stream. */
function readGroup(redis: RedisModel, args: readonly string[]): Reply {
  const words = args.map((arg) => arg.toUpperCase());
  const [, name = "", consumer = ""] = args;
  const key = args[words.indexOf("STREAMS") + 1] ?? "";
  const count = words.includes("COUNT") ? Number(args[words.indexOf("COUNT") + 1]) : Infinity;
  const { stream, group } = groupOf(redis, key, name, " in XREADGROUP with GROUP option");
  const entries = stream.readNew(group, consumer, count, redis.now());
  return entries.length === 0 ? null : [[key, entries.map(entryReply)]];
}

/** `XAUTOCLAIM key group consumer 0 start COUNT n`: the next id to look at, entries claimed, ids that are gone. */
function claim(redis: RedisModel, args: readonly string[]): Reply {
  const [key = "", name = "", consumer = "", , start = "0", , count = "100"] = args;
  const { stream, group } = groupOf(redis, key, name);
  const queue = group.pending.filter((pending) => isWithin(pending.id, start, "+"));
  const claimed: Pending[] = [];
  const gone: string[] = [];
  while (queue.length > 0 && claimed.length + gone.length < Number(count)) {
    const pending = queue.shift();
    if (!pending) break;
    if (stream.find(pending.id)) claimed.push(pending);
    else gone.push(pending.id);
  }
  if (claimed.length > 0) group.consumers.add(consumer);
  for (const pending of claimed) {
    Object.assign(pending, { consumer, deliveries: pending.deliveries + 1, deliveredAt: redis.now() });
  }
  group.pending = group.pending.filter((pending) => !gone.includes(pending.id));
  const entries = claimed.flatMap((pending) => stream.find(pending.id) ?? []);
  return [queue[0]?.id ?? FIRST_ENTRY_ID, entries.map(entryReply), gone];
}

/** `XPENDING key group`, or with `start end count`. */
function pendingOf(
  redis: RedisModel,
  [key = "", name = "", from, to = "+", count = "0"]: readonly string[],
): Reply {
  const { group } = groupOf(redis, key, name);
  if (from === undefined) {
    const byConsumer = [...Map.groupBy(group.pending, (pending) => pending.consumer)]
      .sort(([a], [b]) => a < b ? -1 : 1);
    return [
      group.pending.length,
      group.pending[0]?.id ?? null,
      group.pending.at(-1)?.id ?? null,
      byConsumer.length === 0 ? null : byConsumer.map(([consumer, { length }]) => [consumer, String(length)]),
    ];
  }
  return group.pending.filter((pending) => isWithin(pending.id, from, to)).slice(0, Number(count))
    .map((
      { id, consumer, deliveredAt, deliveries },
    ) => [id, consumer, redis.now() - deliveredAt, deliveries]);
}

function info(redis: RedisModel, [what = "", key = ""]: readonly string[]): Reply {
  const stream = redis.read(key, isStream);
  if (!stream) throw new ReplyError("ERR no such key");
  if (what.toUpperCase() === "STREAM") {
    const [first, last] = [stream.entries[0], stream.entries.at(-1)];
    return [
      ...["length", stream.entries.length, "last-generated-id", stream.lastId],
      ...["max-deleted-entry-id", stream.maxDeletedId, "entries-added", stream.entriesAdded],
      ...["recorded-first-entry-id", stream.firstId, "groups", stream.groups.size],
      ...["first-entry", first ? entryReply(first) : null, "last-entry", last ? entryReply(last) : null],
    ];
  }
  return [...stream.groups].sort(([a], [b]) => a < b ? -1 : 1).map(([name, group]) => [
    ...["name", name, "consumers", group.consumers.size, "pending", group.pending.length],
    ...["last-delivered-id", group.lastId, "entries-read", group.entriesRead, "lag", stream.lag(group)],
  ]);
}

function groupOf(
  redis: RedisModel,
  key: string,
  name: string,
  where = "",
): { stream: StreamValue; group: ModelGroup } {
  const stream = redis.read(key, isStream);
  const group = stream?.groups.get(name);
  if (!stream || !group) throw noGroup(key, name, where);
  return { stream, group };
}

function noGroup(key: string, name: string, where = ""): ReplyError {
  return new ReplyError(`NOGROUP No such key '${key}' or consumer group '${name}'${where}`);
}
