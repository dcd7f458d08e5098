import { assertEquals, assertRejects } from "@std/assert";
import { OutageError } from "../run/outage_error.ts";
import { DockerEngine } from "./docker_engine.ts";

/** Asks for a container where everything is answered with 404 and `body`. */
async function inspect(body: string) {
  await using server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, () => {
    return new Response(body, { status: 404 });
  });
  return await new DockerEngine(`tcp://127.0.0.1:${server.addr.port}`).inspect("x");
}

Deno.test("G3 only the Engine's own word says that a container is gone, not any 404 on the way to it", async () => {
  assertEquals(await inspect('{"message":"No such container: x"}'), null);
  assertEquals(
    await inspect(
      '{"cause":"no such container","message":"no container with name x found: no such container"}',
    ),
    null,
  );
  for (const body of ["404 page not found\n", '{"message":"page not found"}', "<html>404</html>", ""]) {
    await assertRejects(() => inspect(body), OutageError);
  }
});
