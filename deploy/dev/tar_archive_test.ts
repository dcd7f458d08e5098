import { assertEquals, assertThrows } from "@std/assert";
import { tarArchive } from "./tar_archive.ts";

Deno.test("tarArchive() makes what tar unpacks to the same files, modes and links", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const content = new Uint8Array(1_025).fill(120);
    await Deno.writeFile(
      `${dir}/a.tar`,
      tarArchive([
        { path: "bin", directory: true },
        { path: "bin/program", mode: 0o750, content },
        { path: "bin/other", link: "program" },
        { path: "empty", content: new Uint8Array() },
      ]),
    );
    const { success, stderr } = await new Deno.Command("tar", { args: ["-xpf", "a.tar"], cwd: dir }).output();
    assertEquals(success, true, new TextDecoder().decode(stderr));
    assertEquals(await Deno.readFile(`${dir}/bin/other`), content);
    assertEquals(await Deno.readLink(`${dir}/bin/other`), "program");
    assertEquals(((await Deno.stat(`${dir}/bin/program`)).mode ?? 0) & 0o777, 0o750);
    assertEquals((await Deno.stat(`${dir}/empty`)).size, 0);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("tarArchive() refuses a path that does not fit", () => {
  assertThrows(
    () => tarArchive([{ path: "x".repeat(101), directory: true }]),
    RangeError,
    "longer than 100 bytes",
  );
});
