import { assert, assertEquals, assertRejects } from "@std/assert";
import { lockCounter } from "lib/store/confirmations.ts";
import { migrate } from "lib/store/migrate.ts";
import { openPostgres, type Sql, type Transaction, withOutage } from "lib/store/open.ts";
import { lockRelay } from "lib/store/outbox.ts";
import { inTransaction } from "lib/store/transaction.ts";
import { lockJob } from "lib/store/workflows.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { sleep } from "lib/run/sleep.ts";
import { tempPostgres } from "lib/testing/servers.ts";
import { until } from "lib/testing/until.ts";

/** Tries `fn` until it succeeds; the test's own time limit ends it. */
async function eventually<T>(fn: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await fn();
    } catch (error) {
      if (!(error instanceof OutageError)) throw error;
      await sleep(50);
    }
  }
}

Deno.test("openPostgres() carries values both ways unchanged", async () => {
  await using server = await tempPostgres();
  await using sql = openPostgres(server.dsn);
  const texts = ['a"b\\c', "{x,y}", "NULL", "", "ü😀\n\t"];
  const [row] = await sql`
    SELECT ${texts}::text[] AS texts, ${[1, null, 3]}::bigint[] AS numbers, ${true}::boolean AS flag,
      ${Number.MAX_SAFE_INTEGER}::bigint AS big, ARRAY[true, NULL] AS flags,
      (${"2026-01-15T12:01:02.123456+00:00"}::timestamptz)::text AS time, 'b' = ANY(${
    sql.array(["a", "b"])
  }) AS found`;
  assertEquals(row, {
    texts,
    numbers: [1, null, 3],
    flag: true,
    big: Number.MAX_SAFE_INTEGER,
    flags: [true, null],
    time: "2026-01-15 12:01:02.123456+00",
    found: true,
  });
  await assertRejects(() => sql`SELECT 9007199254740993::bigint`, RangeError, "beyond 2^53");
});

Deno.test("openPostgres() needs no permission but the network", async () => {
  await using server = await tempPostgres();
  const code = `import { openPostgres } from "lib/store/open.ts";
    await using sql = openPostgres(Deno.args[0]);
    console.log((await sql\`SELECT 41 + 1 AS answer\`)[0].answer, (await sql\`SHOW application_name\`)[0].application_name);`;
  const file = new URL("./.open_postgres_probe.ts", import.meta.url);
  await Deno.writeTextFile(file, code);
  try {
    const run = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--cached-only",
        `--allow-net=127.0.0.1:${server.port}`,
        file.pathname,
        server.dsn,
      ],
      env: { PGAPPNAME: "from-the-environment", NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder();
    assertEquals(text.decode(run.stdout).trim(), "42 chris-streaming", text.decode(run.stderr));
  } finally {
    await Deno.remove(file);
  }
});

/** Whether a process has gone, even if nobody has asked yet how it ended. */
async function isGone(pid: number): Promise<boolean> {
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "");
  return !/\) [^ZX] /.test(stat);
}

const WHEN_KILLED: Record<
  string,
  (tx: Transaction, killed: Promise<void>, begun: () => void) => Promise<unknown>
> = {
  "with a statement under way": (tx, _, begun) => {
    const sleeping = tx`SELECT pg_sleep(60)`.execute();
    begun();
    return sleeping;
  },
  "between two statements": async (_, killed, begun) => {
    begun();
    await killed;
  },
  "and the callback goes on": async (tx, killed, begun) => {
    begun();
    await killed;
    await tx`INSERT INTO kept VALUES (2)`;
  },
  "and the callback fails by itself": async (_, killed, begun) => {
    begun();
    await killed;
    throw new Error("of its own");
  },
};

for (const [moment, body] of Object.entries(WHEN_KILLED)) {
  Deno.test(`G8 a transaction whose server dies ${moment} is an outage; the pool works again after`, async () => {
    await using server = await tempPostgres({ config: { synchronous_commit: "on" } });
    await using sql = openPostgres(server.dsn);
    await sql`CREATE TABLE kept (n int)`;
    const begun = Promise.withResolvers<void>();
    const killed = Promise.withResolvers<void>();
    let backend = 0;
    const outcome = assertRejects(
      () =>
        withOutage("keep a row", () =>
          sql.begin(async (tx) => {
            const [row] = await tx`INSERT INTO kept VALUES (1) RETURNING pg_backend_pid() AS pid`;
            backend = row?.pid;
            await body(tx, killed.promise, begun.resolve);
          })),
      OutageError,
      "Cannot keep a row: postgres is unavailable",
    );
    await begun.promise;
    await server.kill();
    // The server's processes outlive their parent for a moment, and could commit yet.
    await until("gone", () => isGone(backend));
    killed.resolve();
    await outcome;
    await assertRejects(() => withOutage("count", () => sql`SELECT 1`), OutageError);
    await server.start();
    const rows = await eventually(() => withOutage("count", () => sql`SELECT count(*) AS n FROM kept`));
    assertEquals(rows[0]?.n, 0);
  });
}

Deno.test("G8 a session ended by the server costs one outage and nothing else", async () => {
  await using server = await tempPostgres();
  await using sql = openPostgres(server.dsn);
  const pid = Promise.withResolvers<number>();
  const outcome = withOutage("wait", () =>
    sql.begin(async (tx) => {
      pid.resolve((await tx`SELECT pg_backend_pid() AS pid`)[0]?.pid);
      await tx`SELECT pg_sleep(60)`;
    }));
  const rejects = assertRejects(() => outcome, OutageError);
  await sql`SELECT pg_terminate_backend(${await pid.promise})`;
  await rejects;
  assertEquals((await sql`SELECT 1 AS one`)[0]?.one, 1);
});

Deno.test("G8 who holds a lock that others wait for and stands still, frozen or gone, loses it, which is an outage", async () => {
  await using server = await tempPostgres();
  await using sql = openPostgres(server.dsn);
  await migrate(sql);
  const locks: Record<string, (tx: Sql) => Promise<unknown>> = {
    job: (tx) => lockJob(tx, "trial-1"),
    relay: lockRelay,
    confirmations: lockCounter,
  };
  for (const [name, lock] of Object.entries(locks)) {
    await inTransaction(sql, "look", async (tx) => {
      await lock(tx);
      const [limit] = await tx`SELECT current_setting('idle_in_transaction_session_timeout') AS limit`;
      assertEquals(limit, { limit: "30s" }, name);
    });
  }
  const frozen = inTransaction(sql, "freeze", async (tx) => {
    await lockJob(tx, "trial-1");
    await tx`SELECT set_config('idle_in_transaction_session_timeout', '50', true)`;
    await inTransaction(sql, "wait for the frozen one", (other) => lockJob(other, "trial-1"));
    await tx`SELECT 1`;
  });
  await assertRejects(() => frozen, OutageError, "Cannot freeze: postgres is unavailable");
});

Deno.test("begin() commits, rolls back, nests and returns as postgres.js promises", async () => {
  await using server = await tempPostgres();
  await using sql = openPostgres(server.dsn);
  await sql`CREATE TABLE kept (n int UNIQUE)`;
  let escaped = sql as unknown as Transaction;
  const result = await sql.begin("isolation level serializable", async (tx) => {
    escaped = tx;
    await tx`INSERT INTO kept VALUES (1)`;
    await assertRejects(
      () => tx.savepoint((inner) => inner`INSERT INTO kept VALUES (1)`),
      Error,
      "duplicate",
    );
    return (await tx`SELECT ${tx`2`} + 1 AS n`)[0]?.n;
  });
  assertEquals(result, 3);
  await assertRejects(() => escaped`INSERT INTO kept VALUES (9)`, Error, "it is over");
  await assertRejects(() =>
    sql.begin(async (tx) => {
      await tx`INSERT INTO kept VALUES (2)`;
      throw new RangeError("no");
    }), RangeError);
  assertEquals(
    await sql.begin((tx) => [tx`SELECT 1 AS n`, tx`SELECT n FROM kept`]).then((all) =>
      all.map((rows) => rows[0]?.n)
    ),
    [1, 1],
  );
  assert((await sql`SELECT n FROM kept`).length === 1);
});
