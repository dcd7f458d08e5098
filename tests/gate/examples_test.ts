import { assert, assertEquals } from "@std/assert";
import { projectFiles } from "./project.ts";

Deno.test("the examples in docstrings do what they say", async () => {
  const project = await projectFiles();
  const files = project.list().filter((path) =>
    /^(lib|workers)\/.*\.ts$/.test(path) && /^ \* ```ts$/m.test(project.read(path) ?? "")
  );
  assert(files.length > 0);
  // Without a type check: Deno imports every export into each example, and most are not used there.
  const run = await new Deno.Command(Deno.execPath(), {
    args: ["test", "--doc", "--no-check", ...files],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(run.stdout) + new TextDecoder().decode(run.stderr);
  assertEquals(run.code, 0, text);
});
