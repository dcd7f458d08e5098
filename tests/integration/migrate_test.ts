import { assertEquals, assertRejects } from "@std/assert";
import { migrate, MigrationError, MIGRATIONS } from "lib/store/migrate.ts";
import { openPostgres } from "lib/store/open.ts";
import { silentLogger as log } from "lib/run/log.ts";
import { OutageError } from "lib/run/outage_error.ts";
import { untilAvailable } from "lib/run/until_available.ts";
import { tempPostgres } from "lib/testing/servers.ts";

Deno.test("migrate() applies each step once, however many processes do it at once", async () => {
  await using server = await tempPostgres();
  const pools = Array.from({ length: 20 }, () => openPostgres(server.dsn, { max: 1 }));
  await using stack = new AsyncDisposableStack();
  for (const pool of pools) stack.use(pool);
  // As each worker does it: one that has waited long for the others tries again.
  const { signal } = new AbortController();
  await Promise.all(pools.map((pool) => untilAvailable(() => migrate(pool), { signal, log })));
  await using sql = openPostgres(server.dsn);
  const names = await sql`SELECT name FROM schema_migrations ORDER BY name`;
  assertEquals(names.map((row) => row.name), MIGRATIONS.map((step) => step.name));
  assertEquals((await sql`SELECT to_regclass('job_logs') IS NOT NULL AS there`)[0]?.there, true);
});

Deno.test("migrate() refuses a database that had another step of the same name, and one that is not UTF-8", async () => {
  await using server = await tempPostgres();
  await using sql = openPostgres(server.dsn);
  await migrate(sql, [{ name: "0001_a", sql: "CREATE TABLE a ()" }]);
  await migrate(sql, [{ name: "0001_a", sql: "CREATE TABLE a ()" }]);
  await assertRejects(
    () => migrate(sql, [{ name: "0001_a", sql: "CREATE TABLE a (n int)" }]),
    MigrationError,
    '"0001_a"',
  );
  await sql`CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`;
  await using latin = openPostgres(server.dsn.replace(/\/[^/]*$/, "/latin"));
  await assertRejects(() => migrate(latin), MigrationError, "must be UTF8");
});

Deno.test("migrate() leaves nothing of a step that fails, and keeps the steps before it", async () => {
  await using server = await tempPostgres();
  await using sql = openPostgres(server.dsn);
  const steps = [{ name: "0001_a", sql: "CREATE TABLE a ()" }, {
    name: "0002_b",
    sql: "CREATE TABLE b (); SELECT 1 / 0",
  }];
  await assertRejects(() => migrate(sql, steps), Error, "division by zero");
  const [found] = await sql`SELECT to_regclass('a') IS NOT NULL AS a, to_regclass('b') IS NOT NULL AS b`;
  assertEquals(found, { a: true, b: false });
});

Deno.test("G16 migrate() reports a server that is not there yet as an outage", async () => {
  await using server = await tempPostgres();
  await server.stop();
  await using sql = openPostgres(server.dsn);
  await assertRejects(() => migrate(sql), OutageError, "Cannot look up applied migrations");
  await server.start();
  await migrate(sql);
});

Deno.test("G15 migrate() waits for no other process where nothing is to be done, and else not for ever", async () => {
  await using server = await tempPostgres();
  await using sql = openPostgres(server.dsn);
  await migrate(sql);
  const step = { name: "9999_more", sql: "CREATE TABLE more ()" };
  await sql.begin(async (frozen) => {
    const [held] = await frozen`SELECT pg_advisory_xact_lock(7316548201) IS NULL AS nothing`;
    assertEquals(held?.nothing, false);
    await migrate(sql);
    await assertRejects(
      () => migrate(sql, [...MIGRATIONS, step]),
      OutageError,
      'apply migration "9999_more"',
    );
  });
  await migrate(sql, [...MIGRATIONS, step]);
});

Deno.test("MIGRATIONS lists every file of the folder, in order", async () => {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(new URL("../../lib/store/migrations", import.meta.url))) {
    files.push(name);
  }
  assertEquals(
    MIGRATIONS.map((step) => `${step.name}.sql`),
    files.filter((name) => name.endsWith(".sql")).sort(),
  );
});
