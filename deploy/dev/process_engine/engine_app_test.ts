import { assertEquals } from "@std/assert";
import { silentLogger } from "lib/run/log.ts";
import { Containers } from "./containers.ts";
import { engineApp } from "./engine_app.ts";
import { EventJournal } from "./event_journal.ts";
import { Images } from "./images.ts";
import { systemClock } from "./nano_time.ts";

async function openApp() {
  const clock = systemClock();
  const journal = new EventJournal(clock);
  const images = await Images.of(["example/plugin:1", "plain"]);
  const rest = { clock, journal, images, folder: "/nowhere", logger: silentLogger };
  const containers = new Containers({ ...rest, volumeFolder: "/nowhere", path: "" });
  return engineApp({ ...rest, containers });
}

Deno.test("the engine answers with and without a version in the path, up to its own", async () => {
  const app = await openApp();
  for (const path of ["/_ping", "/v1.41/_ping", "/v1.24/_ping"]) {
    const answer = await app.request(path);
    assertEquals([answer.status, await answer.text(), answer.headers.get("Api-Version")], [
      200,
      "OK",
      "1.41",
    ]);
  }
  const head = await app.request("/_ping", { method: "HEAD" });
  assertEquals([head.status, await head.text(), head.headers.get("Ostype")], [200, "", "linux"]);
  const newer = await app.request("/v1.42/version");
  assertEquals([newer.status, (await newer.json()).message.includes("1.42 is too new")], [400, true]);
  assertEquals((await (await app.request("/version")).json()).ApiVersion, "1.41");
  assertEquals((await (await app.request("/info")).json()).Images, 2);
});

Deno.test("the engine refuses unknown paths and faulty requests in its own words", async () => {
  const app = await openApp();
  const refusal = async (path: string, body?: string) => {
    const answer = await app.request(path, body === undefined ? {} : { method: "POST", body });
    return [answer.status, (await answer.json()).message];
  };
  assertEquals(await refusal("/nonsense"), [404, "page not found"]);
  const create = "/containers/create";
  assertEquals(await refusal(create, "{"), [400, "Cannot read the request body: expected JSON"]);
  assertEquals(await refusal(create, '{"Image":"plain"}'), [400, "No command specified"]);
  assertEquals(await refusal(create, '{"Image":"strange","Cmd":["x"]}'), [
    404,
    "No such image: strange:latest",
  ]);
  assertEquals((await refusal(`${create}?name=a%20b`, '{"Image":"plain","Cmd":["x"]}'))[0], 400);
  assertEquals((await refusal(create, '{"Image":"plain","Cmd":[1]}'))[0], 400);
});

Deno.test("images are found by every way of writing their name", async () => {
  const app = await openApp();
  const tags = async (name: string) => (await (await app.request(`/images/${name}/json`)).json()).RepoTags;
  for (const name of ["plain", "plain:latest", "docker.io/library/plain"]) {
    assertEquals(await tags(name), ["plain:latest"]);
  }
  const [first] = await (await app.request("/images/json")).json();
  assertEquals(first.RepoTags, ["example/plugin:1"]);
  for (const name of ["example/plugin:1", "example%2Fplugin:1", first.Id, first.Id.slice(7, 20)]) {
    assertEquals(await tags(name), ["example/plugin:1"]);
  }
  assertEquals((await app.request("/images/example/plugin/json")).status, 404);
});
