import { assertEquals, assertStringIncludes } from "@std/assert";
import { OutageError } from "./outage_error.ts";

Deno.test("OutageError names the attempt, the dependency and the cause", () => {
  const cause = new Error("connect ECONNREFUSED 127.0.0.1:5432");
  const error = new OutageError("postgres", "record status of job-1", { cause });
  assertEquals(
    error.message,
    "Cannot record status of job-1: postgres is unavailable (connect ECONNREFUSED 127.0.0.1:5432)",
  );
  assertEquals(error.cause, cause);
  assertEquals(error.dependency, "postgres");
});

Deno.test("OutageError goes by its own name and needs no cause", () => {
  const error = new OutageError("redis", "read");
  assertEquals(error.name, OutageError.name);
  assertEquals(error.message, "Cannot read: redis is unavailable");
});

Deno.test("OutageError says something of causes that say nothing by themselves", () => {
  const silent = new AggregateError([
    new Error("connect ECONNREFUSED ::1:6379"),
    new Error("and 127.0.0.1:6379"),
  ]);
  assertStringIncludes(new OutageError("redis", "read", { cause: silent }).message, "ECONNREFUSED ::1:6379");
  assertStringIncludes(new OutageError("redis", "read", { cause: "timeout" }).message, "(timeout)");
});
