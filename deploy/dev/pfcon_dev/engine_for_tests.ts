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
  const image = `pfcon-dev-test-${crypto.randomUUID().slice(0, 8)}:1`;
  await importBusybox(address, image);
  const remove = async () => void await docker.getImage(image).remove({ force: true });
  return { address, docker, image, [Symbol.asyncDispose]: remove };
}

function dockerAt(address: string): Docker {
  if (address.startsWith("unix://")) return new Docker({ socketPath: address.slice("unix://".length) });
  const { hostname, port } = new URL(address);
  return new Docker({ host: hostname, port, protocol: "http" });
}

/** Makes an image that holds nothing but busybox under the names of its applets. */
async function importBusybox(address: string, image: string): Promise<void> {
  const root = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${root}/bin`);
    await Deno.mkdir(`${root}/tmp`);
    await Deno.copyFile("/bin/busybox", `${root}/bin/busybox`);
    for (
      const name of ["sh", "cp", "rm", "mkdir", "find", "wc", "cat", "ls", "echo", "sleep", "true", "env"]
    ) {
      await Deno.symlink("busybox", `${root}/bin/${name}`);
    }
    await sh(`tar -C ${root} -c . | docker -H ${address} import -c "ENV PATH=/bin" - ${image}`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function sh(script: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("sh", { args: ["-c", script], stdout: "null" }).output();
  if (!success) throw new Error(`Cannot run "${script}": ${new TextDecoder().decode(stderr)}`);
}
