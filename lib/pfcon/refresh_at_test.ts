import { assertEquals } from "@std/assert";
import { refreshAt } from "./refresh_at.ts";

const NOW = 1_700_000_000_000;

function tokenThatEnds(atMs: number): string {
  const payload = btoa(JSON.stringify({ pfcon_user: "üÿ?>".length, exp: atMs / 1000 }));
  return `eyJ9.${payload.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}.sig`;
}

Deno.test("refreshAt() is five minutes before the end of a long-lived token", () => {
  assertEquals(refreshAt(tokenThatEnds(NOW + 172_800_000), NOW), NOW + 172_500_000);
});

Deno.test("refreshAt() leaves a short-lived token nine tenths of its life", () => {
  assertEquals(refreshAt(tokenThatEnds(NOW + 10_000), NOW), NOW + 9_000);
});

Deno.test("refreshAt() never asks for a renewal when the end is unknown or past already", () => {
  for (
    const token of ["", "opaque", "a.b.c", `a.${btoa("{}")}.c`, tokenThatEnds(NOW - 1000), tokenThatEnds(NOW)]
  ) {
    assertEquals(refreshAt(token, NOW), Infinity);
  }
});
