import { assertEquals } from "@std/assert";
import { readInfo } from "./redis_metrics.ts";

Deno.test("readInfo() takes the machine's memory for the limit where Redis has none of its own", () => {
  const info = "used_memory:100\r\nmaxmemory:0\r\ntotal_system_memory:1000\r\naof_enabled:1\r\n" +
    "aof_last_write_status:ok\r\n";
  assertEquals(readInfo(info), { usedBytes: 100, maxBytes: 1000, keepsFile: true, writesWell: true });
  assertEquals(readInfo(info.replace("maxmemory:0", "maxmemory:500")).maxBytes, 500);
});

Deno.test("readInfo() tells of a file that is not kept, or cannot be written", () => {
  assertEquals(readInfo("aof_enabled:0").keepsFile, false);
  assertEquals(readInfo("aof_enabled:1\naof_last_write_status:err").writesWell, false);
});
