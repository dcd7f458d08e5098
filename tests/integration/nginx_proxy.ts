/**
 * nginx as people put it before a service: `proxy_pass`, and nothing else set.
 *
 * @module
 */
import { BackgroundProcess } from "../../deploy/dev/services/background_process.ts";
import { findBinary } from "../../deploy/dev/services/find_binary.ts";
import { freePort } from "../../deploy/dev/services/free_port.ts";

/** nginx's program; null where it is not installed. @throws {Error} if it is not although all tools are asked for. */
export const NGINX: string | null = await findBinary("nginx");
if (!NGINX && Deno.env.get("REQUIRE_DOCKER") === "1") {
  throw new Error("Cannot test behind nginx: it is not installed");
}

/** Starts it before `target` (`http://host:port`). */
export async function startNginxProxy(target: string): Promise<{ url: string } & AsyncDisposable> {
  if (!NGINX) throw new Error("Cannot start nginx: it is not installed");
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "nginx-proxy-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const port = freePort();
  await Deno.writeTextFile(`${folder}/nginx.conf`, configuration(target, port, folder));
  const server = new BackgroundProcess({
    name: "nginx",
    command: NGINX,
    args: ["-p", folder, "-c", `${folder}/nginx.conf`],
    logFile: `${folder}/log`,
  });
  stack.defer(async () => void await server.stop());
  const url = `http://127.0.0.1:${port}`;
  await server.ready(async () => (await fetch(`${url}/health`)).body?.cancel(), 20_000);
  const owned = stack.move();
  return { url, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** What differs from the defaults is only where nginx writes to. */
function configuration(target: string, port: number, folder: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${folder}/${name};`).join("\n");
  return `${Deno.uid() === 0 ? "user root;" : ""}
daemon off;
pid ${folder}/nginx.pid;
error_log stderr error;
events {}
http {
${temporary}
  access_log off;
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass ${target}; }
  }
}
`;
}
