import { assertEquals, assertRejects } from "@std/assert";
import { CannotStartError, findExecutable } from "./executable.ts";

Deno.test("findExecutable() takes the first program on the path, and paths as they are", async () => {
  const folder = await Deno.makeTempDir({ prefix: "executable_" });
  try {
    await Deno.mkdir(`${folder}/a`);
    await Deno.mkdir(`${folder}/b`);
    await Deno.writeTextFile(`${folder}/a/tool`, "", { mode: 0o644 });
    await Deno.writeTextFile(`${folder}/b/tool`, "", { mode: 0o755 });
    const where = { path: `${folder}/none:${folder}/a:${folder}/b`, cwd: folder };
    assertEquals(await findExecutable("tool", where), `${folder}/b/tool`);
    assertEquals(await findExecutable("b/tool", where), `${folder}/b/tool`);
    const refused = async (program: string) =>
      (await assertRejects(() => findExecutable(program, where), CannotStartError, `"${program}"`)).exitCode;
    assertEquals(await refused("a/tool"), 126);
    assertEquals(await refused(`${folder}/a`), 126);
    assertEquals(await refused("b/none"), 127);
    assertEquals(await refused("none"), 127);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
