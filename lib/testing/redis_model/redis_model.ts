/**
 * Redis in memory, as far as consumers use it, on a clock that the caller gives: for tests that need more
 * interleavings and longer outages than a real server has time for. `tests/integration/redis_model_test.ts`
 * proves it against a real one.
 *
 * @module
 */
import { entryIdParts } from "../../stream/entry_id.ts";
import { runLua } from "./run_lua.ts";
import { StreamValue } from "./stream_value.ts";
import { streamCommands } from "./stream_commands.ts";

/** An answer; texts hold one byte per character. */
export type Reply = null | number | string | Status | Reply[];
/** A simple answer such as `OK`. */
export interface Status {
  readonly ok: string;
}

/** An error as Redis words it. */
export class ReplyError extends Error {
  override readonly name = "ReplyError";
}

type Command = (args: readonly string[]) => Reply;

const OK: Status = { ok: "OK" };

/** See the module's description. */
export class RedisModel {
  readonly #now: () => number;
  readonly #values = new Map<string, { value: unknown; expiresAt: number }>();
  readonly #commands: Readonly<Record<string, Command>>;
  #changed = Promise.withResolvers<void>();

  /** `now` is Redis's clock (ms since 1970). */
  constructor(now: () => number) {
    this.#now = () => Math.floor(now());
    this.#commands = { ...this.#plainCommands(), ...this.#sortedSetCommands(), ...streamCommands(this) };
  }

  now(): number {
    return this.#now();
  }

  /** Resolves when a key is changed. */
  get changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Does a command at once. @throws {ReplyError} if Redis refused it; what a script did before stays done. */
  execute(command: string, args: readonly string[]): Reply {
    const name = command.toUpperCase();
    if (name === "EVAL") return this.#eval(args);
    const act = this.#commands[name];
    if (!act) throw new ReplyError(`ERR unknown command '${command}'`);
    const reply = act(args);
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    return reply;
  }

  /** What the key holds; null if nothing. @throws {ReplyError} if it is of another kind. */
  read<T>(key: string, isKind: (value: unknown) => value is T): T | null {
    const found = this.#values.get(key);
    if (!found) return null;
    if (found.expiresAt <= this.#now()) {
      this.#values.delete(key);
      return null;
    }
    if (isKind(found.value)) return found.value;
    throw new ReplyError("WRONGTYPE Operation against a key holding the wrong kind of value");
  }

  /** Puts a value under a key. */
  write(key: string, value: unknown, expiresAt = Infinity): void {
    this.#values.set(key, { value, expiresAt });
  }

  #eval(args: readonly string[]): Reply {
    const [script = "", count = "0", ...rest] = args;
    const keys = rest.slice(0, Number(count));
    return runLua(script, keys, rest.slice(Number(count)), (name, words) => this.execute(name, words));
  }

  #plainCommands(): Record<string, Command> {
    return {
      PING: () => ({ ok: "PONG" }),
      TIME: () => {
        const now = this.#now();
        return [String(Math.floor(now / 1_000)), String((now % 1_000) * 1_000)];
      },
      FLUSHALL: () => {
        this.#values.clear();
        return OK;
      },
      GET: ([key = ""]) => this.read(key, isText),
      MGET: (keys) =>
        keys.map((key) => {
          const value = this.read(key, isAny);
          return typeof value === "string" ? value : null;
        }),
      SET: (args) => this.#set(args),
      MSET: (args) => {
        for (let i = 0; i + 1 < args.length; i += 2) this.write(args[i] ?? "", args[i + 1]);
        return OK;
      },
      DEL: (keys) => this.#present(keys).filter((key) => this.#values.delete(key)).length,
      EXISTS: (keys) => this.#present(keys).length,
      INCR: ([key = ""]) => this.#add(key, 1),
      INCRBY: ([key = "", by]) => this.#add(key, Number(by)),
      PEXPIRE: ([key = "", ms]) => this.#expire(key, Number(ms)),
      EXPIRE: ([key = "", seconds]) => this.#expire(key, Number(seconds) * 1_000),
      PTTL: ([key = ""]) => {
        if (this.#present([key]).length === 0) return -2;
        const { expiresAt } = this.#values.get(key) ?? { expiresAt: Infinity };
        return expiresAt === Infinity ? -1 : expiresAt - this.#now();
      },
      KEYS: ([pattern = "*"]) => this.#present([...this.#values.keys()]).filter(matching(pattern)),
      SCAN: ([, , pattern = "*"]) => ["0", this.#present([...this.#values.keys()]).filter(matching(pattern))],
      HGET: ([key = "", field = ""]) => this.read(key, isHash)?.get(field) ?? null,
      HSET: ([key = "", field = "", value = ""]) => {
        const hash = this.read(key, isHash) ?? new Map<string, string>();
        const isNew = !hash.has(field);
        hash.set(field, value);
        this.write(key, hash, this.#values.get(key)?.expiresAt);
        return isNew ? 1 : 0;
      },
      HLEN: ([key = ""]) => this.read(key, isHash)?.size ?? 0,
      SADD: ([key = "", member = ""]) => {
        const set = this.read(key, isSet) ?? new Set<string>();
        const before = set.size;
        this.write(key, set.add(member), this.#values.get(key)?.expiresAt);
        return set.size - before;
      },
      SREM: ([key = "", member = ""]) => {
        const set = this.read(key, isSet);
        const gone = set?.delete(member) ? 1 : 0;
        if (set?.size === 0) this.#values.delete(key);
        return gone;
      },
      SCARD: ([key = ""]) => this.read(key, isSet)?.size ?? 0,
      HDEL: ([key = "", ...fields]) => {
        const hash = this.read(key, isHash);
        const gone = fields.filter((field) => hash?.delete(field)).length;
        if (hash?.size === 0) this.#values.delete(key);
        return gone;
      },
    };
  }

  #sortedSetCommands(): Record<string, Command> {
    const cleaned = (key: string, set: Map<string, number>) => {
      if (set.size === 0) this.#values.delete(key);
    };
    return {
      ZADD: ([key = "", score, member = ""]) => {
        const set = this.read(key, isSortedSet) ?? new Map<string, number>();
        const isNew = !set.has(member);
        set.set(member, Number(score));
        this.write(key, set, this.#values.get(key)?.expiresAt);
        return isNew ? 1 : 0;
      },
      ZREM: ([key = "", ...members]) => {
        const set = this.read(key, isSortedSet) ?? new Map<string, number>();
        const gone = members.filter((member) => set.delete(member)).length;
        cleaned(key, set);
        return gone;
      },
      ZREMRANGEBYSCORE: ([key = "", , max]) => {
        const set = this.read(key, isSortedSet) ?? new Map<string, number>();
        const gone = [...set].filter(([, score]) => score <= Number(max)).map(([member]) => member);
        for (const member of gone) set.delete(member);
        cleaned(key, set);
        return gone.length;
      },
      ZRANGE: ([key = ""]) =>
        [...this.read(key, isSortedSet) ?? []]
          .sort(([a, one], [b, other]) => one - other || (a < b ? -1 : 1)).map(([member]) => member),
    };
  }

  #add(key: string, by: number): Reply {
    const sum = Number(this.read(key, isText) ?? "0") + by;
    if (Number.isNaN(sum)) throw new ReplyError("ERR value is not an integer or out of range");
    this.write(key, String(sum), this.#values.get(key)?.expiresAt);
    return sum;
  }

  #set([key = "", value = "", ...options]: readonly string[]): Reply {
    const words = options.map((option) => option.toUpperCase());
    const after = (name: string) => words.includes(name) ? Number(options[words.indexOf(name) + 1]) : NaN;
    if (words.includes("NX") && this.#present([key]).length > 0) return null;
    const ms = words.includes("PX") ? after("PX") : words.includes("EX") ? after("EX") * 1_000 : Infinity;
    this.write(key, value, this.#now() + ms);
    return OK;
  }

  #expire(key: string, ms: number): Reply {
    const found = this.#present([key]).length > 0 ? this.#values.get(key) : undefined;
    if (!found) return 0;
    if (ms <= 0) this.#values.delete(key);
    else found.expiresAt = this.#now() + ms;
    return 1;
  }

  #present(keys: readonly string[]): string[] {
    return keys.filter((key) => this.read(key, isAny) !== null);
  }
}

/** Whether a value is a stream. */
export function isStream(value: unknown): value is StreamValue {
  return value instanceof StreamValue;
}

/** An id of a command's argument in full: `5` is `5-0`, or `5-18446744073709551615` at the end of a range. */
export function fullId(id: string, end = false): string {
  const [ms, seq] = entryIdParts(id);
  return `${ms}-${id.includes("-") ? seq : end ? "18446744073709551615" : 0}`;
}

const isAny = (_value: unknown): _value is unknown => true;
const isText = (value: unknown): value is string => typeof value === "string";
const isHash = (value: unknown): value is Map<string, string> => value instanceof Map;
const isSet = (value: unknown): value is Set<string> => value instanceof Set;
const isSortedSet = (value: unknown): value is Map<string, number> => value instanceof Map;

/** Only what `*` means is known. */
function matching(pattern: string): (key: string) => boolean {
  const parts = pattern.replace(/\\(.)/g, "$1").split("*");
  return (key) => key.startsWith(parts[0] ?? "") && key.endsWith(parts.at(-1) ?? "");
}
