import { assertEquals, assertStringIncludes } from "@std/assert";
import { PfconClient } from "lib/pfcon/client.ts";
import { PfconDevConfig } from "./pfcon_dev.ts";

/** Runs the stand-in as people do, with no permission it does not need. */
function command(store: string, env: Record<string, string>): Deno.Command {
  const args = [
    "run",
    "--no-prompt",
    "--ignore-env",
    `--allow-env=${Object.keys(PfconDevConfig.shape)}`,
    "--allow-sys=hostname,uid,gid",
    "--allow-net=127.0.0.1:0",
    `--allow-read=${store}`,
    `--allow-write=${store}`,
    new URL("pfcon_dev.ts", import.meta.url).pathname,
  ];
  return new Deno.Command(Deno.execPath(), { args, env, stdout: "piped", stderr: "piped" });
}

Deno.test("pfcon_dev says where it listens, serves, and ends with 0 on SIGTERM", async () => {
  const store = await Deno.makeTempDir();
  const env = {
    PORT: "0",
    PFCON_USER: "u",
    PFCON_PASSWORD: "p",
    STOREBASE: store,
    STORAGE_ENV: "s3",
    LOG_LEVEL: "info",
  };
  const child = command(store, env).spawn();
  const lines: Record<string, unknown>[] = [];
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    lines.push(...text.trim().split("\n").map((line) => JSON.parse(line)));
    if (lines.length > 1) continue;
    const client = new PfconClient({ url: String(lines[0]?.url), user: "u", password: "p" });
    assertEquals((await client.serverInfo()).requires_upload_job, true);
    child.kill("SIGTERM");
  }
  assertEquals((await child.status).code, 0);
  assertEquals(await new Response(child.stderr).text(), "");
  const requests = lines.slice(1).map(({ method, path, status }) => [method, path, status]);
  assertEquals(requests, [["POST", "/api/v1/auth-token/", 200], ["GET", "/api/v1/pluginjobs/", 200]]);
  await Deno.remove(store);
});

Deno.test("pfcon_dev refuses to start without credentials and store, naming all that is wrong", async () => {
  const output = await command("/nowhere", { PORT: "x", PFCON_USER: "", PFCON_PASSWORD: "", STOREBASE: "" })
    .output();
  assertEquals(output.code, 2);
  const said = new TextDecoder().decode(output.stderr);
  for (const name of ["PORT", "PFCON_USER", "PFCON_PASSWORD", "STOREBASE"]) {
    assertStringIncludes(said, `${name} is`);
  }
});
