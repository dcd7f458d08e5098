import { assertEquals } from "@std/assert";
import { isStatic } from "./busybox_root.ts";

/** The start of a 64-bit little-endian program with program headers of these types. */
function program(...types: number[]): Uint8Array {
  const bytes = new Uint8Array(64 + types.length * 56);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x7f454c46);
  bytes.set([2, 1], 4);
  view.setBigUint64(32, 64n, true);
  view.setUint16(54, 56, true);
  view.setUint16(56, types.length, true);
  types.forEach((type, index) => view.setUint32(64 + index * 56, type, true));
  return bytes;
}

Deno.test("isStatic() tells a program that asks for a loader from one that does not", () => {
  assertEquals(isStatic(program(1, 1, 7)), true);
  assertEquals(isStatic(program(6, 3, 1)), false);
});

Deno.test("isStatic() takes nothing for static that it cannot read", () => {
  assertEquals(isStatic(new TextEncoder().encode("#!/bin/sh\n".repeat(10))), false);
  assertEquals(isStatic(new Uint8Array(3)), false);
  assertEquals(isStatic(program(1, 1).slice(0, 100)), false);
});
