import type { Redis } from "ioredis";
import { sleep } from "lib/run/sleep.ts";
import { compareEntryIds } from "lib/stream/entry_id.ts";
import type { WorldRedis } from "./world_redis.ts";
import type { Weather } from "./weather.ts";

/** A connection to what Redis holds, in the shape of the client's methods that the SSE service calls. */
export function worldConnection(redis: WorldRedis, weather: Weather): Redis {
  return new Connection(redis, weather) as unknown as Redis;
}

class Connection {
  readonly #redis: WorldRedis;
  readonly #weather: Weather;
  /** Commands are done in the order in which they were given. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(redis: WorldRedis, weather: Weather) {
    this.#redis = redis;
    this.#weather = weather;
  }

  on(_event: "ready", listener: () => void): void {
    this.#weather.onReconnect.add(listener);
  }

  off(_event: "ready", listener: () => void): void {
    this.#weather.onReconnect.delete(listener);
  }

  get(key: string) {
    return this.#send(({ held }) => held.keys.get(key) ?? null);
  }

  set(key: string, value: string, _nx: "NX") {
    return this.#send((redis) => {
      if (!redis.held.keys.has(key)) redis.write(({ keys }) => keys.set(key, value));
    });
  }

  info(_section: string) {
    return this.#send(({ run }) => `run_id:${run.toString(16).padStart(6, "0")}`);
  }

  hmget(key: string, ...fields: string[]) {
    return this.#send(({ held }) => fields.map((field) => held.keys.get(`${key} ${field}`) ?? null));
  }

  xinfo(about: "STREAM" | "GROUPS", key: string) {
    return this.#send(({ held: { streams, group } }) => {
      const stream = streams.get(key);
      if (about === "GROUPS") {
        return group ? [["name", "group", "last-delivered-id", group.delivered]] : [];
      }
      if (!stream) throw new Error("ERR no such key");
      return ["last-generated-id", stream.lastId];
    });
  }

  xpending(_key: string, _group: string) {
    return this.#send(({ held: { group } }) => {
      if (!group) throw new Error("NOGROUP No such key or consumer group");
      return [group.pending.length, group.pending[0] ?? null];
    });
  }

  xrange(key: string, from: string, until: string, _count?: "COUNT", count = Infinity) {
    return this.#send((redis) => {
      if (from === until) return redis.after(key, "0-0", until).filter(({ id }) => id === until).map(reply);
      return redis.after(key, from.slice(1), until).slice(0, count).map(reply);
    });
  }

  /** Waits for news, as long as `BLOCK` says. */
  async xread(...args: (string | number)[]) {
    await this.#weather.gate("hub");
    const names = args.slice(args.indexOf("STREAMS") + 1).map(String);
    const keys = names.splice(0, names.length / 2);
    const over = new AbortController();
    const late = sleep(2_000, over.signal).then(() => over.abort());
    try {
      for (;;) {
        const { changed } = this.#weather;
        const found = await this.#send((redis) =>
          keys.flatMap((key, at) => {
            const entries = redis.after(key, names[at] ?? "").map(reply);
            return entries.length > 0 ? [[key, entries]] : [];
          })
        );
        if (found.length > 0) return found;
        if (over.signal.aborted) return null;
        await Promise.race([changed, late]);
      }
    } finally {
      over.abort();
    }
  }

  #send<T>(act: (redis: WorldRedis) => T): Promise<T> {
    const sent = this.#last.then(() => this.#weather.call("redis", () => act(this.#redis)));
    this.#last = sent.catch(() => {});
    return sent;
  }
}

function reply({ id, data }: { id: string; data: string }): [string, string[]] {
  return [id, ["data", data]];
}

/** Sorts what has an entry id. */
export function byPlace(a: { entryId: string }, b: { entryId: string }): number {
  return compareEntryIds(a.entryId, b.entryId);
}
