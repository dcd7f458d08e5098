import { assert, assertEquals } from "@std/assert";
import { projectFiles } from "./project.ts";

Deno.test("projectFiles() has the project's own files and not what .gitignore leaves out", async () => {
  const files = await projectFiles();
  assert(files.list().includes("deno.json"));
  assert(files.list().includes("tests/gate/project.ts"));
  assertEquals(files.list().filter((path) => /(^|\/)(node_modules|\.git)\//.test(path)), []);
  assert(files.read("deno.json")?.includes("imports"));
  assertEquals(files.read("no/such/file.ts"), undefined);
});

Deno.test("projectFiles() leaves ignored names and endings out at any depth, and reads no bytes as text", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const root = new URL(`file://${folder}/`);
    await Deno.mkdir(new URL("a/cache", root), { recursive: true });
    for (const path of ["a/cache/x.ts", "a/y.log", "a/z.ts", "a/cache.ts"]) {
      await Deno.writeTextFile(new URL(path, root), "text");
    }
    await Deno.writeFile(new URL("a/picture.png", root), new Uint8Array([1, 0, 2]));
    await Deno.writeTextFile(new URL(".gitignore", root), "# none\ncache/\n*.log\n");
    const files = await projectFiles(root);
    assertEquals(files.list(), [".gitignore", "a/cache.ts", "a/picture.png", "a/z.ts"]);
    assertEquals(files.read("a/z.ts"), "text");
    assertEquals(files.read("a/picture.png"), undefined);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
