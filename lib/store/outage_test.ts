import { assert, assertEquals, assertRejects } from "@std/assert";
import { OutageError } from "../run/outage_error.ts";
import { asOutage, isConnectionLoss, withOutage } from "./outage.ts";

function failure(code: string, severity?: string): Error {
  return Object.assign(new Error(`failed with ${code}`), { code }, severity ? { severity } : {});
}

Deno.test("asOutage() takes lost connections, busy servers and lost races for outages", () => {
  const codes = [
    "ECONNREFUSED",
    "CONNECTION_CLOSED",
    "CONNECT_TIMEOUT",
    "08006",
    "53100",
    "53300",
    "57P01",
    "57P03",
  ];
  for (const code of [...codes, "57014", "58030", "40001", "40P01", "55P03", "25006"]) {
    const outage = asOutage("store a line", failure(code));
    assert(outage instanceof OutageError, code);
    assertEquals(outage.message, `Cannot store a line: postgres is unavailable (failed with ${code})`);
  }
});

Deno.test("asOutage() leaves what Postgres refuses as it is", () => {
  for (const code of ["23505", "22021", "42P01", "28P01", "54000", "UNDEFINED_VALUE", ""]) {
    const refusal = failure(code);
    assert(asOutage("store a line", refusal) === refusal, code);
  }
  assertEquals(asOutage("store a line", "text"), "text");
});

Deno.test("withOutage() hands on results and other errors", async () => {
  assertEquals(await withOutage("count", () => Promise.resolve(3)), 3);
  await assertRejects(() => withOutage("count", () => Promise.reject(failure("53300"))), OutageError);
  await assertRejects(() => withOutage("count", () => Promise.reject(new TypeError("bad"))), TypeError);
});

Deno.test("isConnectionLoss() tells a lost connection from an error that leaves it usable", () => {
  assert(isConnectionLoss(failure("CONNECTION_CLOSED")));
  assert(isConnectionLoss(failure("57P01", "FATAL")));
  assert(!isConnectionLoss(failure("40001", "ERROR")));
});
