/**
 * The Docker Engine that tests of the stand-in run their containers on.
 *
 * @module
 */
// @ts-types="@types/dockerode"
import Docker from "dockerode";

/** What a test needs of an engine; disposing it removes what the tests made. */
export interface TestEngine extends AsyncDisposable {
  /** As in `DOCKER_HOST`. */
  readonly address: string;
  readonly docker: Docker;
  /** Name of an image with a shell. */
  readonly image: string;
}

/**
 * Why there is no engine to test with, or null if there is one. Then a test is to be left out, unless
 * `REQUIRE_DOCKER=1`: then it is to run and fail.
 */
export async function whyNoEngine(): Promise<string | null> {
  const address = Deno.env.get("DOCKER_HOST");
  if (!address) return "DOCKER_HOST is not set";
  try {
    await dockerAt(address).ping();
    return null;
  } catch (error) {
    return `no Docker Engine answers at DOCKER_HOST=${address}: ${
      error instanceof Error ? error.message : error
    }`;
  }
}

/**
 * Opens the engine at `DOCKER_HOST`. The image is `TEST_IMAGE` or, if that is not set, one made of this
 * machine's statically linked busybox.
 *
 * @throws {Error} if there is no engine or no image.
 */
export async function openTestEngine(): Promise<TestEngine> {
  const why = await whyNoEngine();
  if (why !== null) throw new Error(`Cannot test with containers: ${why}`);
  const address = Deno.env.get("DOCKER_HOST") ?? "";
  const docker = dockerAt(address);
  const given = Deno.env.get("TEST_IMAGE");
  if (given) return { address, docker, image: given, [Symbol.asyncDispose]: () => Promise.resolve() };
  const repo = `pfcon-dev-test-${crypto.randomUUID().slice(0, 8)}`;
  await importBusybox(docker, repo, "1");
  const image = `${repo}:1`;
  const remove = async () => void await docker.getImage(image).remove({ force: true });
  return { address, docker, image, [Symbol.asyncDispose]: remove };
}

function dockerAt(address: string): Docker {
  if (address.startsWith("unix://")) return new Docker({ socketPath: address.slice("unix://".length) });
  const { hostname, port } = new URL(address);
  return new Docker({ host: hostname, port, protocol: "http" });
}

/** Makes an image that holds nothing but busybox under the names of its applets. */
async function importBusybox(docker: Docker, repo: string, tag: string): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/image/bin`, { recursive: true });
    await Deno.copyFile("/bin/busybox", `${root}/image/bin/busybox`);
    for (const name of ["sh", "cp", "rm", "mkdir", "find", "wc", "cat", "ls", "echo", "sleep", "true"]) {
      await Deno.symlink("busybox", `${root}/image/bin/${name}`);
    }
    const tar = new Deno.Command("tar", { args: ["-C", `${root}/image`, "-cf", `${root}/image.tar`, "."] });
    const { success, stderr } = await tar.output();
    if (!success) throw new Error(`Cannot pack an image: ${new TextDecoder().decode(stderr)}`);
    const answer = await docker.importImage(`${root}/image.tar`, { repo, tag, changes: "ENV PATH=/bin" });
    for await (const _ of answer) { /* it is complete when its answer ends */ }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}
