/**
 * nginx with the nchan module, as Debian packs them: `libnginx-mod-nchan`.
 *
 * @module
 */
import { BackgroundProcess } from "../../../deploy/dev/services/background_process.ts";
import { findBinary } from "../../../deploy/dev/services/find_binary.ts";
import { freePort } from "../../../deploy/dev/services/free_port.ts";
import { type Contender, eventsRequest } from "./contender.ts";
import { Wire } from "./wire.ts";

const MODULES = [
  "/usr/lib/nginx/modules/ngx_nchan_module.so",
  "/usr/share/nginx/modules/ngx_nchan_module.so",
];

/**
 * It cannot tell apart more than 32,768 messages that a channel takes within what it holds for one second, and its
 * clients then wait for ever; its seconds are longer than others when it has more to read.
 */
const MOST_PER_SECOND = 20_000;

/** Starts it. Null if this machine has no nginx, or no nchan. */
export async function startNchan(): Promise<Contender | null> {
  const binary = await findBinary("nginx");
  const module = MODULES.find(exists);
  if (!binary || !module) return null;
  await using stack = new AsyncDisposableStack();
  const folder = await Deno.makeTempDir({ prefix: "bench-nchan-" });
  stack.defer(() => Deno.remove(folder, { recursive: true }));
  const port = freePort();
  await Deno.writeTextFile(`${folder}/nginx.conf`, configuration(module, port, folder));
  const server = new BackgroundProcess({
    name: "nginx",
    command: binary,
    args: ["-p", folder, "-c", `${folder}/nginx.conf`],
    logFile: `${folder}/log`,
  });
  stack.defer(async () => void await server.stop());
  await server.ready(async () => (await fetch(`http://127.0.0.1:${port}/ready`)).body?.cancel(), 20_000);
  const wire = stack.use(
    await Wire.open(port, (answer) => /HTTP\/1\.1 [345]/.test(answer)),
  );
  const owned = stack.move();
  return {
    name: "nginx with nchan",
    port,
    pid: server.pid,
    mostPerSecond: MOST_PER_SECOND,
    request: (jobId) => eventsRequest(`/sub?id=${jobId}`, port),
    publish: (jobId, events) => wire.write(events.map((event) => post(jobId, event)).join("")),
    forget: () => Promise.resolve(), // a new job is a new channel
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Its messages are in ASCII. */
function post(jobId: string, event: string): string {
  return `POST /pub?id=${jobId} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: ${event.length}\r\n\r\n${event}`;
}

/** Everything it writes goes into its own folder. A worker per processor, as nginx advises. */
function configuration(module: string, port: number, folder: string): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((name) => `  ${name}_temp_path ${folder}/${name};`).join("\n");
  return `load_module ${module};
${Deno.uid() === 0 ? "user root;" : ""}
daemon off;
pid ${folder}/nginx.pid;
error_log stderr error;
worker_processes auto;
worker_rlimit_nofile 20000;
events { worker_connections 20000; }
http {
${temporary}
  access_log off;
  tcp_nodelay on;
  keepalive_requests 1000000000;
  keepalive_timeout 3600s;
  nchan_shared_memory_size 512M;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location = /ready { return 200; }
    location = /sub {
      nchan_subscriber eventsource;
      nchan_channel_id $arg_id;
      nchan_subscriber_first_message newest;
    }
    location = /pub {
      nchan_publisher http;
      nchan_channel_id $arg_id;
      nchan_message_buffer_length 20000;
      nchan_message_timeout 60s;
    }
  }
}
`;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
