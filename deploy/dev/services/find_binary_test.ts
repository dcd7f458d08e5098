import { assert, assertEquals } from "@std/assert";
import { findBinary, postgresFolders } from "./find_binary.ts";
import { freePort, portsFrom } from "./free_port.ts";
import { parsePasswd } from "./server_user.ts";
import { tailOf } from "./tail_of.ts";

/** A folder with these files, executable where the name ends in "*". */
async function folder(...names: string[]) {
  const path = await Deno.makeTempDir();
  for (const name of names) {
    const file = `${path}/${name.replace("*", "")}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, "x", { mode: name.endsWith("*") ? 0o755 : 0o644 });
  }
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

Deno.test("findBinary() takes the first folder that has the program and what must be beside it", async () => {
  await using bin = await folder("a/some-program*", "b/some-program*", "b/its-friend*", "c/some-program");
  const folders = ["c", "a", "b"].map((name) => `${bin.path}/${name}`);
  assertEquals(await findBinary("some-program", { folders }), `${bin.path}/a/some-program`);
  assertEquals(
    await findBinary("some-program", { folders, beside: ["its-friend"] }),
    `${bin.path}/b/some-program`,
  );
  assertEquals(await findBinary("no-such-program", { folders }), null);
});

Deno.test("postgresFolders() puts the newest version first and minds no missing folder", async () => {
  await using root = await folder("9/x", "16/x", "15/x");
  assertEquals(
    await postgresFolders(root.path),
    ["16", "15", "9"].map((version) => `${root.path}/${version}/bin`),
  );
  assertEquals(await postgresFolders(`${root.path}/none`), []);
});

Deno.test("freePort() passes over a port that is taken", () => {
  const port = freePort();
  const taken = Deno.listen({ hostname: "127.0.0.1", port });
  assert(portsFrom(port)() !== port);
  taken.close();
  const last = portsFrom(32_000);
  assertEquals([last(), last()].filter((one) => one < 15_000 || one > 32_000), []);
});

Deno.test("freePort() gives nobody a port that was given out, though nothing listens on it", async () => {
  const port = freePort();
  assert(portsFrom(port)() !== port);
  const module = JSON.stringify(import.meta.resolve("./free_port.ts"));
  const program = `import { portsFrom } from ${module}; console.log(portsFrom(${port})());`;
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", program] }).output();
  const other = Number(new TextDecoder().decode(stdout));
  assert(other > 0 && other !== port, `${other}`);
});

Deno.test("parsePasswd() reads users and leaves out what is no user", () => {
  assertEquals(
    parsePasswd("root:x:0:0:root:/root:/bin/sh\n# note\npostgres:x:101:104::/var/lib:/bin/sh\nbad:x:y:1\n"),
    [
      { name: "root", uid: 0, gid: 0 },
      { name: "postgres", uid: 101, gid: 104 },
    ],
  );
});

Deno.test("tailOf() gives the last lines, and nothing of a file that is not there", async () => {
  await using dir = await folder("log");
  await Deno.writeTextFile(`${dir.path}/log`, `${"x".repeat(40_000)}\none\ntwo\nthree\n`);
  assertEquals(await tailOf(`${dir.path}/log`, 2), "two\nthree");
  assertEquals(await tailOf(`${dir.path}/none`, 2), "");
});
