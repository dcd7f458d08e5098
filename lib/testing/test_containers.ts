/**
 * Containers of a test's own on the engine at `DOCKER_HOST`.
 *
 * @module
 */
// @ts-types="@types/dockerode"
import Docker from "dockerode";
import { openDocker } from "../../deploy/dev/docker_client.ts";
import { ensureTestImage } from "./test_image.ts";

/** The label that marks them; its value is each test's own. */
export const TEST_LABEL = "org.chrisproject.test";

/** Whether tests with real containers are left out: there is no engine, and `REQUIRE_DOCKER=1` is not set. */
export const NO_DOCKER: boolean = !Deno.env.get("DOCKER_HOST") && Deno.env.get("REQUIRE_DOCKER") !== "1";

/** Makes containers that no other test sees; disposing removes them. */
export class TestContainers implements AsyncDisposable {
  readonly docker: Docker;
  readonly host: string;
  readonly #image: string;
  /** Value of the label, and beginning of all names: no job id of another test is the same. */
  readonly label = `t${crypto.randomUUID().slice(0, 12)}x`;

  private constructor(docker: Docker, host: string, image: string) {
    this.docker = docker;
    this.host = host;
    this.#image = image;
  }

  /** `host` is in the form of `DOCKER_HOST`. @throws {Error} if there is no engine or no image can be had. */
  static async open(host: string | undefined = Deno.env.get("DOCKER_HOST")): Promise<TestContainers> {
    if (!host) throw new Error("Cannot make containers: DOCKER_HOST is not set");
    const docker = openDocker(host);
    return new TestContainers(docker, host, await ensureTestImage(docker));
  }

  /** The engine's folder of containers, with their log files. Only its owner may read there. */
  async logDir(): Promise<string> {
    return `${(await this.docker.info()).DockerRootDir}/containers`;
  }

  /** The name that a container gets. */
  nameOf(name: string): string {
    return `${this.label}-${name}`;
  }

  /** Makes a container that is to run `script` in a shell. */
  async create(
    name: string,
    script: string,
    more: Docker.ContainerCreateOptions = {},
  ): Promise<Docker.Container> {
    return await this.docker.createContainer({
      name: this.nameOf(name),
      Image: this.#image,
      Cmd: ["sh", "-c", script],
      Labels: { [TEST_LABEL]: this.label },
      NetworkDisabled: true,
      ...more,
    });
  }

  /** Makes and starts it. */
  async start(name: string, script: string, more?: Docker.ContainerCreateOptions): Promise<Docker.Container> {
    const container = await this.create(name, script, more);
    await container.start();
    return container;
  }

  /** Makes it, starts it, and waits for its end. */
  async run(name: string, script: string, more?: Docker.ContainerCreateOptions): Promise<Docker.Container> {
    const container = await this.start(name, script, more);
    await container.wait();
    return container;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const filters = { label: [`${TEST_LABEL}=${this.label}`] };
    const left = await this.docker.listContainers({ all: true, filters });
    await Promise.all(
      left.map(({ Id }) => this.docker.getContainer(Id).remove({ force: true, v: true }).catch(() => {})),
    );
  }
}
