/** docker-compose.yml against the workers it starts, and against what a site may rely on. Needs no engine. */
import { assert, assertEquals } from "@std/assert";
import { parse } from "yaml";
import { z } from "@zod/zod";
import { readConfig } from "lib/run/config.ts";
import { WORKER_NAMES, type WorkerName } from "lib/run/permissions.ts";
import { DEFAULT_URL } from "../deploy/chris/command_line.ts";
import { Config as DlqConfig } from "../deploy/dlq/config.ts";

const Service = z.object({
  image: z.string(),
  build: z.object({ dockerfile: z.string() }).optional(),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  group_add: z.array(z.string()).default([]),
  restart: z.string(),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  stop_grace_period: z.string().optional(),
  healthcheck: z.object({ test: z.array(z.string()).optional(), disable: z.boolean().optional() }),
});
type Service = z.infer<typeof Service>;
const Compose = z.object({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.object({ name: z.string().optional() }).nullable()),
});

const text = await projectText("docker-compose.yml");
const example = variablesIn(await projectText("deploy/.env.example"));
const references = [...text.matchAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g)].map((
  [, name = "", kind = "", rest = ""],
) => ({ name, kind, rest }));

const required = new Set(references.filter(({ kind }) => kind === "?").map(({ name }) => name));
/** What somebody has in `.env` who filled in what the example wants filled in. */
const filledIn = Object.fromEntries(
  Object.entries(example).map(([name, value]) => [name, required.has(name) ? filling(name) : value]),
);
const { services, volumes } = composeWith(filledIn);
const byName = new Map<string, Service>(Object.entries(services));
const runOnce = (service: Service) => service.restart === "no";

Deno.test("docker-compose.yml starts every worker from one image, each by its name", () => {
  const workers = Object.values(services).filter((service) => service.build);
  assertEquals(workers.map(({ command }) => command), WORKER_NAMES.map((worker) => [serviceName(worker)]));
  for (const worker of WORKER_NAMES) assertEquals(serviceOf(worker).command, [serviceName(worker)]);
  assertEquals(new Set(workers.map(({ image }) => image)).size, 1);
  assertEquals(new Set(workers.map(({ build }) => build?.dockerfile)), new Set(["deploy/Dockerfile"]));
});

for (const worker of WORKER_NAMES) {
  Deno.test(`docker-compose.yml gives ${worker} only settings it knows, and all it needs`, async () => {
    const { Config, configFaults } = await configOf(worker);
    const { environment } = serviceOf(worker);
    // Deno itself reads what says where traces go.
    const unknown = Object.keys(environment).filter((name) =>
      !(name in Config.shape) && !/^OTEL_/.test(name)
    );
    assertEquals(unknown, [], "settings that the worker does not read");
    const config = readConfig(Config, environment);
    assertEquals(configFaults?.(config) ?? [], []);
  });

  Deno.test(`${worker} looks for its dependencies where docker-compose.yml has them`, async () => {
    const { Config } = await configOf(worker);
    const { environment } = serviceOf(worker);
    const defaults = Object.values(Config.shape).map((field) =>
      z.safeParse(field as z.ZodType, undefined).data
    );
    const hosts = [...defaults, ...Object.values(environment)].flatMap(hostIn);
    assert(hosts.includes("redis"));
    assertEquals(hosts.filter((host) => !(host in services)), []);
  });

  Deno.test(`docker-compose.yml lets ${worker} change nothing and gives it time to stop`, async () => {
    const service = serviceOf(worker);
    assertEquals([service.read_only, service.cap_drop], [true, ["ALL"]]);
    const { Config } = await configOf(worker);
    const grace = readConfig(Config, service.environment)["SHUTDOWN_GRACE_SECONDS"];
    assert(parseInt(service.stop_grace_period ?? "10s") > Number(grace), `${service.stop_grace_period}`);
  });
}

Deno.test("services wait for those they depend on, and for nothing else", () => {
  const graph = Object.fromEntries(
    Object.entries(services).map(([name, service]) => [name, Object.keys(service.depends_on)]),
  );
  assertEquals(graph, {
    "redis": [],
    "quickwit": [],
    "postgres": [],
    "init-test-data": [],
    "pfcon": ["init-test-data"],
    "event-forwarder": ["redis"],
    "log-forwarder": ["redis"],
    "status-consumer": ["redis"],
    "log-consumer": ["redis", "quickwit"],
    "task-worker": ["redis", "postgres", "pfcon"],
    "sse-service": ["redis", "postgres"],
  });
  for (const { depends_on } of Object.values(services)) {
    for (const [name, { condition }] of Object.entries(depends_on)) {
      const once = runOnce(service(name));
      assertEquals(condition, once ? "service_completed_successfully" : "service_healthy", name);
    }
  }
});

Deno.test("every service says when it is well and comes back when it dies; what runs once does neither", () => {
  assertEquals([...byName].filter(([, service]) => runOnce(service)).map(([name]) => name), [
    "init-test-data",
  ]);
  for (const [name, { healthcheck, restart }] of byName) {
    if (name === "init-test-data") continue;
    assertEquals(restart, "unless-stopped", name);
    assertEquals(healthcheck.test?.[0], "CMD", `${name}: ${JSON.stringify(healthcheck)}`);
  }
});

Deno.test("every image has a tag, and none is a tag that moves from release to release", () => {
  const images = Object.values(services).flatMap(({ image, environment }) => [
    image,
    ...Object.entries(environment).filter(([name]) => name.endsWith("_IMAGE")).map(([, value]) => value),
  ]);
  assert(images.length > byName.size, "pfcon's image of copy and delete is not among them");
  for (const image of images) {
    const tag = /^[\w./-]+:([\w.-]+)$/.exec(image)?.[1];
    assert(tag && !["latest", "main", "master", "edge", "nightly"].includes(tag), image);
  }
});

Deno.test("one port is published, and unless somebody says otherwise for this machine alone", () => {
  const withPorts = (env: Record<string, string>) => {
    const { services } = composeWith({ ...filledIn, ...env });
    return Object.entries(services).flatMap(([name, { ports }]) => ports.map((port) => `${name} ${port}`));
  };
  assertEquals(withPorts({}), ["sse-service 127.0.0.1:8080:8080"]);
  assertEquals(withPorts({ BIND_ADDRESS: "", UI_PORT: "" }), ["sse-service 127.0.0.1:8080:8080"]);
  assertEquals(withPorts({ UI_PORT: "9000" }), ["sse-service 127.0.0.1:9000:8080"]);
  assertEquals(service("sse-service").environment["PORT"], "8080");
});

Deno.test("the stack asks for tokens as soon as .env says how they are checked, and refuses half of that", async () => {
  const { Config, configFaults } = await configOf("sse_service");
  const faultsWith = (env: Record<string, string>) => {
    const { environment } = composeWith({ ...filledIn, ...env }).services["sse-service"] ?? {};
    return configFaults?.(readConfig(Config, environment ?? {})) ?? ["no check"];
  };
  const checked = { AUTH_MODE: "token", AUTH_ISSUER: "https://issuer.example", AUTH_AUDIENCE: "chris" };
  assertEquals(faultsWith({ ...checked, AUTH_JWT_SECRET: "s".repeat(32) }), []);
  assertEquals(
    faultsWith({
      ...checked,
      AUTH_JWKS_URL: "https://issuer.example/keys",
      AUTH_COOKIE_SECURE: "true",
      CORS_ORIGINS: "https://page.example",
    }),
    [],
  );
  assertEquals(faultsWith(checked).length, 1);
  assertEquals(faultsWith({ AUTH_JWT_SECRET: "s".repeat(32) }).length, 1);
  assertEquals(faultsWith({ CORS_ORIGINS: "*" }).length, 1);
});

Deno.test("the commands that docker-compose.yml names find in their container what they need", async () => {
  const named = [...text.matchAll(/^#  +docker compose exec (\S+) deno task -q (\w+)/gm)];
  assertEquals(named.map(([, , task]) => task), ["chris", "dlq"]);
  const { tasks } = JSON.parse(await projectText("deno.json")) as { tasks: Record<string, string> };
  const dockerfile = await projectText("deploy/Dockerfile");
  for (const [, name = "", task = ""] of named) {
    const { environment, build } = service(name);
    assert(build, `${name} is of another image`);
    const program = /\S+\.ts$/.exec(tasks[task] ?? "")?.[0] ?? "";
    assert(dockerfile.includes(`COPY ${program.split("/").slice(0, -1).join("/")} `), `no ${program}`);
    assertEquals(new URL(DEFAULT_URL).port, environment["PORT"]);
    const settings = readConfig(DlqConfig, environment);
    assertEquals(settings.REDIS_URL, service("task-worker").environment["REDIS_URL"]);
    assertEquals(String(settings.STREAM_NUM_SHARDS), environment["STREAM_NUM_SHARDS"]);
  }
});

Deno.test("figures and traces of every worker can be had by settings in .env alone", () => {
  const collector = "http://collector:4318";
  const env = { HEALTH_HOST: "0.0.0.0", OTEL_DENO: "true", OTEL_EXPORTER_OTLP_ENDPOINT: collector };
  const changed = composeWith({ ...filledIn, ...env }).services;
  for (const worker of WORKER_NAMES) {
    const environment = changed[serviceName(worker)]?.environment ?? {};
    const told = Object.fromEntries(Object.keys(env).map((name) => [name, environment[name]]));
    assertEquals(told, env, worker);
    const { HEALTH_HOST, OTEL_DENO } = serviceOf(worker).environment;
    assertEquals([HEALTH_HOST, OTEL_DENO], ["127.0.0.1", "false"], `${worker} shows them to nobody unasked`);
  }
});

Deno.test("no password works that nobody chose", () => {
  const secret = /PASSWORD|SECRET|TOKEN/;
  const secrets = references.filter(({ name }) => secret.test(name));
  assert(secrets.length > 0);
  // One that is left empty opens nothing: it is for who asks for tokens.
  assertEquals(secrets.filter(({ kind, rest }) => kind !== "?" && rest !== ""), []);
  assertEquals(Object.entries(example).filter(([name, value]) => secret.test(name) && value), []);
  // What is secret to a service comes from such a variable, whatever the service calls it.
  const chosen = new Set(["", ...[...required].map((name) => filledIn[name])]);
  for (const [name, { environment }] of byName) {
    for (const [variable, value] of Object.entries(environment)) {
      if (secret.test(variable)) assert(chosen.has(value), `${variable} of ${name}`);
      const inAddress = /^\w+:\/\/[^:/@]*:([^@]*)@/.exec(value)?.[1];
      if (inAddress !== undefined) assert(chosen.has(inAddress), `${variable} of ${name}`);
    }
  }
});

Deno.test("deploy/.env.example has every variable of docker-compose.yml, empty where a value is required", () => {
  assertEquals(Object.keys(example).sort(), [...new Set(references.map(({ name }) => name))].sort());
  for (const { name, kind, rest } of references) {
    assertEquals(example[name], kind === "?" ? "" : rest, name);
    assert(kind !== "", `${name} has neither a default nor a reason to be set`);
  }
});

Deno.test("redis keeps every key, also over a restart", () => {
  const { command, volumes } = service("redis");
  const flags = command.slice(1).flatMap((word, index, all) => index % 2 ? [] : [[word, all[index + 1]]]);
  assertEquals(Object.fromEntries(flags), {
    "--appendonly": "yes",
    "--appendfsync": "everysec",
    "--maxmemory-policy": "noeviction",
  });
  assertEquals(volumes, ["redis-data:/data"]);
});

Deno.test("the engine's socket is given to the forwarders and pfcon alone", () => {
  const holders = [...byName].filter(([, { volumes }]) =>
    volumes.some((volume) => /docker\.sock/.test(volume))
  );
  assertEquals(holders.map(([name]) => name), ["pfcon", "event-forwarder", "log-forwarder"]);
  for (const forwarder of ["event-forwarder", "log-forwarder"]) {
    const { environment, group_add, volumes } = service(forwarder);
    assertEquals(group_add, ["998"]);
    const target = environment["DOCKER_HOST"]?.replace("unix://", "");
    assertEquals(volumes, [`/var/run/docker.sock:${target}:ro`]);
  }
});

Deno.test("the forwarders look for the containers that pfcon makes", () => {
  for (const forwarder of ["event-forwarder", "log-forwarder"]) {
    const { DOCKER_LABEL_FILTER, DOCKER_LABEL_VALUE } = service(forwarder).environment;
    assertEquals(`${DOCKER_LABEL_FILTER}=${DOCKER_LABEL_VALUE}`, service("pfcon").environment["JOB_LABELS"]);
  }
});

Deno.test("pfcon keeps its store in the volume whose name it tells the engine, and deletes when asked to", () => {
  const { environment, volumes: mounts } = service("pfcon");
  assertEquals(environment["VOLUME_NAME"], volumes["storebase"]?.name);
  assert(mounts.includes(`storebase:${environment["STOREBASE_MOUNT"]}`));
  assertEquals(environment["REMOVE_JOBS"], "yes");
});

function filling(name: string): string {
  return name === "DOCKER_GID" ? "998" : `my${name}`;
}

function serviceName(worker: WorkerName): string {
  return worker.replaceAll("_", "-");
}

function serviceOf(worker: WorkerName): Service {
  return service(serviceName(worker));
}

function service(name: string): Service {
  const found = byName.get(name);
  assert(found, `there is no service ${name}`);
  return found;
}

async function configOf(
  worker: WorkerName,
): Promise<{ Config: z.ZodObject; configFaults?: (config: Readonly<Record<string, unknown>>) => string[] }> {
  return await import(new URL(`../workers/${worker}/config.ts`, import.meta.url).href);
}

/** The host that an address names; none for a path, and for what is no address. */
function hostIn(value: unknown): string[] {
  const host = /^(?!unix:)[a-z+]+:\/\/(?:[^@/]*@)?([\w.-]+)/.exec(String(value))?.[1];
  return host === undefined ? [] : [host];
}

/** The file as Compose sees it with these variables; an empty one counts as not set. */
function composeWith(env: Readonly<Record<string, string>>): z.infer<typeof Compose> {
  const interpolated = (text: string) =>
    text.replace(/\$\{(\w+)(?::[-?]([^}]*))?\}/g, (_, name, rest) => env[name] || (rest ?? ""));
  const reviver = (_: unknown, value: unknown) => typeof value === "string" ? interpolated(value) : value;
  return Compose.parse(parse(text, reviver, { merge: true }));
}

function variablesIn(envFile: string): Record<string, string> {
  return Object.fromEntries([...envFile.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
}

function projectText(path: string): Promise<string> {
  return Deno.readTextFile(new URL(`../${path}`, import.meta.url));
}
