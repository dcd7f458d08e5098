import { assert, assertEquals, assertRejects } from "@std/assert";
import { Redis } from "ioredis";
import postgres from "postgres";
import { tempPostgres, tempRedis } from "./servers.ts";

Deno.test("tempRedis() keeps data and address over stop, kill and start, and leaves no process", async () => {
  let pid = 0;
  {
    await using server = await tempRedis();
    const redis = new Redis(server.url, { lazyConnect: true, maxRetriesPerRequest: null });
    try {
      await redis.set("a", "1");
      await server.stop();
      await server.start();
      assertEquals(await redis.get("a"), "1");
      await redis.set("b", "2");
      await server.kill();
      assert(!alive(server.pid), "the process is gone after kill()");
      await server.start();
      assertEquals(await redis.get("b"), "2");
      assertEquals((await redis.config("GET", "appendonly")) as string[], ["appendonly", "yes"]);
    } finally {
      redis.disconnect();
    }
    pid = server.pid;
  }
  assert(!alive(pid), "the process is gone after disposal");
});

Deno.test("tempRedis() says what the server wrote when it cannot start", async () => {
  await assertRejects(() => tempRedis({ config: { "no-such-setting": "1" } }), Error, "no-such-setting");
});

Deno.test("tempPostgres() keeps data and address over restart and kill, and leaves no process", async () => {
  let pid = 0;
  {
    await using server = await tempPostgres();
    // A client of its own each time: one that was connected may find out late that its server has gone.
    const ask = async (query: string) => {
      const sql = postgres(server.dsn, { max: 1, onnotice: () => {} });
      try {
        return (await sql.unsafe(query)).map(({ n }) => n as number);
      } finally {
        await sql.end({ timeout: 1 });
      }
    };
    await ask("create table t (n int)");
    await ask("insert into t values (7)");
    await server.restart();
    assertEquals(await ask("select n from t"), [7]);
    await killSlowly(server);
    await server.start();
    assertEquals(await ask("select n from t"), [7]);
    pid = server.pid;
  }
  assert(!alive(pid), "the process is gone after disposal");
});

Deno.test("tempPostgres() gives two servers that know nothing of each other", async () => {
  await using one = await tempPostgres();
  await using two = await tempPostgres();
  assert(one.dsn !== two.dsn);
  const first = postgres(one.dsn, { max: 1 });
  const second = postgres(two.dsn, { max: 1 });
  try {
    await first`create table only_here (n int)`;
    const [row] = await second`select to_regclass('only_here') as found`;
    assertEquals(row?.found, null);
  } finally {
    await Promise.all([first.end({ timeout: 1 }), second.end({ timeout: 1 })]);
  }
});

/** Kills a server one of whose children is still there for a while, as on a busy machine. */
async function killSlowly(server: { readonly pid: number; kill(): Promise<void> }): Promise<void> {
  const children = await Deno.readTextFile(`/proc/${server.pid}/task/${server.pid}/children`);
  const [first] = children.split(" ").map(Number); // the checkpointer, which lives as long as the server
  assert(first);
  Deno.kill(first, "SIGSTOP");
  await server.kill();
  setTimeout(() => alive(first) && Deno.kill(first, "SIGCONT"), 300);
}

/** Whether a process with this id exists and is no zombie. */
function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
