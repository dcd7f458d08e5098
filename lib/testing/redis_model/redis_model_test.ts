import { assertEquals, assertThrows } from "@std/assert";
import { luaScript } from "./lua_script.ts";
import { RedisModel, ReplyError } from "./redis_model.ts";

Deno.test("RedisModel lets keys expire on the clock it is given", () => {
  let now = 1_000;
  const redis = new RedisModel(() => now);
  redis.execute("SET", ["lease", "a", "PX", "100"]);
  assertEquals(redis.execute("SET", ["lease", "b", "NX", "PX", "100"]), null);
  now += 60;
  assertEquals([redis.execute("PTTL", ["lease"]), redis.execute("PEXPIRE", ["lease", "100"])], [40, 1]);
  now += 99;
  assertEquals(redis.execute("GET", ["lease"]), "a");
  now += 1;
  assertEquals([redis.execute("GET", ["lease"]), redis.execute("PTTL", ["lease"])], [null, -2]);
});

Deno.test("RedisModel keeps what a script did before it was refused, as Redis does", () => {
  const redis = new RedisModel(() => 0);
  redis.execute("SET", ["list", "no stream"]);
  const script = "redis.call('SET', KEYS[1], ARGV[1]) redis.call('XLEN', KEYS[2]) redis.call('DEL', KEYS[1])";
  assertThrows(() => redis.execute("EVAL", [script, "2", "key", "list", "x"]), ReplyError, "WRONGTYPE");
  assertEquals(redis.execute("GET", ["key"]), "x");
});

Deno.test("luaScript() reads loops, branches and operators as Lua does, and refuses what it does not know", () => {
  const text = `
    local sum = 0
    for i = 1, #list, 2 do sum = sum + list[i] * 2 - 1 end
    if sum > 10 and not (sum == 11) then return 'many' elseif sum ~= 3 then return {sum, 'a' .. sum, nothing} end
    return false or 'few'`;
  const run = luaScript(text);
  assertEquals(run({ list: [1, 9, 5] }), [10, "a10", null]);
  assertEquals([run({ list: [9] }), run({ list: [2] })], ["many", "few"]);
  assertThrows(() => luaScript("while true do end"), SyntaxError);
  assertThrows(() => luaScript("return {a = 1}"), SyntaxError);
});
