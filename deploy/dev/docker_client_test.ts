import { assertEquals, assertThrows } from "@std/assert";
import { engineAddresses, engineVersion, openDocker, socketOf } from "./docker_client.ts";

Deno.test("engineAddresses() tries only the address that is set, else the usual sockets", () => {
  assertEquals(engineAddresses({ DOCKER_HOST: "tcp://engine:2375", HOME: "/home/a" }), ["tcp://engine:2375"]);
  assertEquals(engineAddresses({ HOME: "/home/a", XDG_RUNTIME_DIR: "/run/user/1" }), [
    "unix:///var/run/docker.sock",
    "unix:///run/user/1/docker.sock",
    "unix:///home/a/.docker/run/docker.sock",
  ]);
});

Deno.test("openDocker() refuses an address it cannot use", () => {
  for (const host of ["ssh://host", "unix://", "engine:2375", "tcp://engine"]) {
    assertThrows(() => openDocker(host), RangeError, host);
  }
});

Deno.test("socketOf() knows the path of a unix socket only", () => {
  assertEquals(socketOf("unix:///run/docker.sock"), "/run/docker.sock");
  assertEquals(socketOf("tcp://engine:2375"), null);
});

Deno.test("engineVersion() is null where no engine answers, also where somebody accepts and says nothing", async () => {
  assertEquals(await engineVersion("unix:///nowhere/docker.sock"), null);
  using silent = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = silent.addr as Deno.NetAddr;
  const accepted = silent.accept();
  assertEquals(await engineVersion(`tcp://127.0.0.1:${port}`, 200), null);
  (await accepted).close();
});
