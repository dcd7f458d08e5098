import { assertEquals } from "@std/assert";
import { type ContainerSpec, copyCommand, createOptions, pluginCommand } from "./container_spec.ts";

const SPEC: ContainerSpec = {
  name: "a-job",
  image: "i:1",
  cmd: ["x"],
  env: ["A=1"],
  labels: { a: "b" },
  mounts: { input: "/s/in", output: "/s/out" },
  limits: { cpu: 500, memory: 64 },
  gpus: 0,
  user: null,
};

Deno.test("createOptions() mounts input read-only and reserves memory without limiting it", () => {
  const { HostConfig, ...rest } = createOptions(SPEC);
  const given = { name: "a-job", Image: "i:1", Cmd: ["x"], Env: ["A=1"], Labels: { a: "b" } };
  assertEquals(rest, { ...given, NetworkDisabled: true });
  assertEquals(HostConfig, {
    Binds: ["/s/in:/share/incoming:ro", "/s/out:/share/outgoing:rw"],
    RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
    NanoCpus: 500_000_000,
    MemoryReservation: 67_108_864,
  });
});

Deno.test("createOptions() keeps only the read-only mount when input and output are one directory", () => {
  assertEquals(createOptions({ ...SPEC, mounts: { input: "/s", output: "/s" } }).HostConfig.Binds, [
    "/s:/share/incoming:ro",
  ]);
  assertEquals(createOptions({ ...SPEC, mounts: { output: "/s" } }).HostConfig.Binds, [
    "/s:/share/outgoing:rw",
  ]);
});

Deno.test("createOptions() leaves limits out when asked to, and adds GPUs and a user when given", () => {
  const { User, HostConfig } = createOptions({ ...SPEC, limits: null, gpus: 2, user: { uid: 7, gid: 8 } });
  assertEquals([User, HostConfig.GroupAdd], ["7", ["8"]]);
  assertEquals([HostConfig.NanoCpus, HostConfig.MemoryReservation], [undefined, undefined]);
  assertEquals(HostConfig.DeviceRequests, [{ Count: 2, Capabilities: [["gpu"]] }]);
});

Deno.test("pluginCommand() puts the input directory after each path flag, even after the last argument", () => {
  const job = {
    entrypoint: ["sh", "-c", "X"],
    args: ["-p", "some/path", "y", "-q"],
    pathFlags: ["-p", "-q"],
    type: "fs",
  };
  assertEquals(
    pluginCommand(job).join(" "),
    "sh -c X -p /share/incoming y -q /share/incoming /share/outgoing",
  );
});

Deno.test("pluginCommand() gives ds plugins both directories, fs and ts plugins the output only", () => {
  const of = (type: string) => pluginCommand({ entrypoint: ["e"], args: [], pathFlags: [], type }).slice(1);
  assertEquals(of("ds"), ["/share/incoming", "/share/outgoing"]);
  assertEquals([of("fs"), of("ts")], [["/share/outgoing"], ["/share/outgoing"]]);
});

Deno.test("copyCommand() keeps paths out of the script", () => {
  const [, , script, ...args] = copyCommand(['a b"; rm -rf /', "c"]);
  assertEquals(script, copyCommand([])[2]);
  assertEquals(args.slice(2), ['/share/incoming/a b"; rm -rf /', "/share/incoming/c"]);
});
