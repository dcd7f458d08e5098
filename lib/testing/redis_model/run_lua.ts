import { luaScript } from "./lua_script.ts";
import { type LuaFunction, type LuaNames, LuaSpread, type LuaValue, number } from "./lua_value.ts";
import { type Reply, ReplyError } from "./redis_model.ts";

const scripts = new Map<string, (globals: LuaNames) => LuaValue>();

/** Runs a script as `EVAL` does: with its keys and arguments, every command through `execute`. */
export function runLua(
  text: string,
  keys: readonly string[],
  args: readonly string[],
  execute: (command: string, args: readonly string[]) => Reply,
): Reply {
  let script = scripts.get(text);
  if (!script) scripts.set(text, script = luaScript(text));
  const call: LuaFunction = (command, ...words) =>
    toLua(execute(String(command), words.map((word) => argument(word))));
  return toReply(script({ ...LIBRARY, KEYS: [...keys], ARGV: [...args], redis: { call } }));
}

const LIBRARY: LuaNames = {
  math: {
    floor: (value) => Math.floor(number(value ?? null)),
    min: (...values) => Math.min(...values.map(number)),
    max: (...values) => Math.max(...values.map(number)),
  },
  string: {
    format: (format, value) => {
      const width = /^%(?:0(\d+))?d$/.exec(String(format)); // all we use
      if (!width) throw new SyntaxError(`Cannot format as "${format}": expected %d or %0…d`);
      return String(number(value ?? null)).padStart(Number(width[1] ?? 0), "0");
    },
  },
  tonumber: (value) => value === null || value === undefined || value === false ? null : Number(value),
  tostring: (value) => String(value),
  unpack: (list, from, to) =>
    new LuaSpread(
      (list as LuaValue[]).slice(number(from ?? 1) - 1, to === undefined ? undefined : number(to)),
    ),
};

function argument(value: LuaValue): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  throw new ReplyError("ERR Lua redis lib command arguments must be strings or integers");
}

/** In a script "nothing" is `false`. */
function toLua(reply: Reply): LuaValue {
  if (reply === null) return false;
  if (Array.isArray(reply)) return reply.map(toLua);
  return typeof reply === "object" ? { ok: reply.ok } : reply;
}

/** Numbers lose their fraction, and a list ends at its first nil. */
function toReply(value: LuaValue): Reply {
  if (typeof value === "number") return Math.trunc(value);
  if (typeof value === "string") return value;
  if (value === true) return 1;
  if (!Array.isArray(value)) return null;
  const end = value.indexOf(null);
  return (end < 0 ? value : value.slice(0, end)).map(toReply);
}
