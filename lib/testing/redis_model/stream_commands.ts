import { compareEntryIds, FIRST_ENTRY_ID } from "../../stream/entry_id.ts";
import { groupCommands } from "./group_commands.ts";
import { fullId, isStream, type RedisModel, type Reply, ReplyError } from "./redis_model.ts";
import { type ModelEntry, StreamValue } from "./stream_value.ts";

/** The commands on streams, on what `redis` holds. */
export function streamCommands(redis: RedisModel): Record<string, (args: readonly string[]) => Reply> {
  const read = (key: string) => redis.read(key, isStream);
  return {
    ...groupCommands(redis),
    XADD: (args) => add(redis, args),
    XLEN: ([key = ""]) => read(key)?.entries.length ?? 0,
    XRANGE: ([key = "", from = "-", to = "+", , count = "Infinity"]) =>
      (read(key)?.entries ?? []).filter((entry) => isWithin(entry.id, from, to)).slice(0, Number(count))
        .map(entryReply),
    XDEL: ([key = "", ...ids]) => read(key)?.delete(ids.map((id) => fullId(id))) ?? 0,
    XTRIM: ([key = "", how = "", ...rest]) => {
      const stream = read(key);
      const limit = rest.at(-1) ?? "";
      if (!stream) return 0;
      return how.toUpperCase() === "MINID"
        ? stream.keepFrom(fullId(limit))
        : stream.keepNewest(Number(limit));
    },
    XREAD: (args) => readAfter(read, args),
  };
}

/** An entry as replies show it. */
export function entryReply({ id, fields }: ModelEntry): Reply {
  return [id, [...fields]];
}

/** Whether an id lies within a range as commands write it: `-`, `+`, an id, or `(` and an id that is left out. */
export function isWithin(id: string, from: string, to: string): boolean {
  const start = from === "-" ? FIRST_ENTRY_ID : fullId(from.replace("(", ""));
  const toStart = compareEntryIds(id, start);
  if (from.startsWith("(") ? toStart <= 0 : toStart < 0) return false;
  if (to === "+") return true;
  const toEnd = compareEntryIds(id, fullId(to.replace("(", ""), true));
  return to.startsWith("(") ? toEnd < 0 : toEnd <= 0;
}

/** `XADD key [MAXLEN [~|=] n] id field value …`; `~` trims exactly, as a server with one entry per node does. */
function add(redis: RedisModel, args: readonly string[]): Reply {
  const [key = "", ...rest] = args;
  let maxlen = Infinity;
  if (rest[0]?.toUpperCase() === "MAXLEN") {
    rest.shift();
    if (rest[0] === "~" || rest[0] === "=") rest.shift();
    maxlen = Number(rest.shift());
  }
  const [wanted = "*", ...fields] = rest;
  const stream = redis.read(key, isStream) ?? new StreamValue();
  const id = wanted === "*" ? nextId(stream.lastId, redis.now()) : fullId(wanted);
  if (compareEntryIds(id, stream.lastId) <= 0) {
    throw new ReplyError(
      "ERR The ID specified in XADD is equal or smaller than the target stream top item",
    );
  }
  redis.write(key, stream);
  stream.add({ id, fields });
  stream.keepNewest(maxlen);
  return id;
}

function nextId(lastId: string, now: number): string {
  const [ms = "0", seq = "0"] = lastId.split("-");
  return now > Number(ms) ? `${now}-0` : `${ms}-${Number(seq) + 1}`;
}

/** `XREAD [COUNT n] [BLOCK ms] STREAMS key id` of one stream; whoever blocks waits outside. */
function readAfter(read: (key: string) => StreamValue | null, args: readonly string[]): Reply {
  const words = args.map((arg) => arg.toUpperCase());
  const at = words.indexOf("STREAMS");
  const [key = "", after = ""] = args.slice(at + 1);
  const count = words.includes("COUNT") ? Number(args[words.indexOf("COUNT") + 1]) : Infinity;
  const found = (read(key)?.entries ?? []).filter((entry) => compareEntryIds(entry.id, fullId(after)) > 0);
  return found.length === 0 ? null : [[key, found.slice(0, count).map(entryReply)]];
}
