import { assertEquals } from "@std/assert";

/** Ends with an error if it runs twice at a time, as the real one does. */
const APT_GET = `#!/bin/sh
mkdir "$0.lock" 2>/dev/null || { echo "two at a time" >&2; exit 100; }
echo "$*" >>"$0.calls"
sleep 0.1
rmdir "$0.lock"
`;

/** Asks for three packages at once, in a process of its own: PATH belongs to all tests of this one. */
const PROGRAM = `
import { installPackages } from ${JSON.stringify(import.meta.resolve("./install_packages.ts"))};
const installs = ["one", "two", "three"].map((name) => installPackages({ apt: [name], brew: [] }, () => {}));
console.log(JSON.stringify(await Promise.all(installs)));
`;

Deno.test({
  name: "installPackages() runs one package manager at a time, whoever asks",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    const dir = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${dir}/apt-get`, APT_GET, { mode: 0o755 });
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["eval", PROGRAM],
        env: { PATH: `${dir}:${Deno.env.get("PATH") ?? ""}` },
      }).output();
      const text = new TextDecoder().decode(stdout);
      assertEquals(text.trim(), "[true,true,true]", new TextDecoder().decode(stderr));
      const calls = (await Deno.readTextFile(`${dir}/apt-get.calls`)).trim().split("\n");
      assertEquals(calls.length, 6);
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});
