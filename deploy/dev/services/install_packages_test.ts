import { assertEquals } from "@std/assert";
import { installPackages } from "./install_packages.ts";

/** Ends with an error if it runs twice at a time, as the real one does. */
const APT_GET = `#!/bin/sh
mkdir "$0.lock" 2>/dev/null || { echo "two at a time" >&2; exit 100; }
echo "$*" >>"$0.calls"
sleep 0.1
rmdir "$0.lock"
`;

Deno.test({
  name: "installPackages() runs one package manager at a time, whoever asks",
  ignore: Deno.uid() !== 0,
  fn: async () => {
    const dir = await Deno.makeTempDir();
    const path = Deno.env.get("PATH") ?? "";
    try {
      await Deno.writeTextFile(`${dir}/apt-get`, APT_GET, { mode: 0o755 });
      Deno.env.set("PATH", `${dir}:${path}`);
      const wanted = ["one", "two", "three"];
      const installs = wanted.map((name) => installPackages({ apt: [name], brew: [] }, () => {}));
      assertEquals(await Promise.all(installs), [true, true, true]);
      const calls = (await Deno.readTextFile(`${dir}/apt-get.calls`)).trim().split("\n");
      assertEquals(calls.length, 6);
    } finally {
      Deno.env.set("PATH", path);
      await Deno.remove(dir, { recursive: true });
    }
  },
});
