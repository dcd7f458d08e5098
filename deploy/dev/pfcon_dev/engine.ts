/**
 * The few things pfcon asks of a Docker Engine.
 *
 * @module
 */
// @ts-types="@types/dockerode"
import Docker from "dockerode";
import type { Inspected } from "./compute.ts";
import { type ContainerSpec, createOptions } from "./container_spec.ts";
import { HttpError } from "./http_error.ts";

/** Opens the engine at `unix:///path`, `tcp://host:port` or `http://host:port`. Connects with the first call. */
export function openEngine(address: string): Engine {
  if (address.startsWith("unix://")) {
    return new Engine(new Docker({ socketPath: address.slice("unix://".length) }));
  }
  const { hostname, port } = new URL(address);
  return new Engine(new Docker({ host: hostname, port: port || 2375, protocol: "http" }));
}

/** A Docker Engine. Whatever it refuses ends the request in hand with 500 and the engine's text. */
export class Engine {
  readonly #docker: Docker;

  constructor(docker: Docker) {
    this.#docker = docker;
  }

  /**
   * The container of exactly this name that carries all these labels, or null. pfcon itself would also take
   * a container whose id begins with the name, and would not look at labels.
   */
  async find(name: string, labels: Record<string, string>): Promise<Inspected | null> {
    if (name === "") return null;
    const found: Inspected | null = await this.#container(name).inspect().catch(orNull);
    if (found?.Name !== `/${name}`) return null;
    const isOurs = Object.entries(labels).every(([key, value]) => found.Config.Labels?.[key] === value);
    return isOurs ? found : null;
  }

  /** Makes a container, pulls its image if need be, starts it, and returns what it was before the start. */
  async run(spec: ContainerSpec): Promise<Inspected> {
    const options = createOptions(spec);
    let container = await this.#docker.createContainer(options).catch(orNull);
    if (!container) {
      await this.#pull(spec.image);
      container = await this.#docker.createContainer(options).catch(refused);
    }
    const created = await container.inspect().catch(refused);
    await container.start().catch(refused);
    return created;
  }

  /** The last `tail` lines of a container, both streams as they came. */
  async logs(id: string, tail: number): Promise<string> {
    const options = { follow: false, stdout: true, stderr: true, tail } as const;
    return textOf(await this.#container(id).logs(options).catch(refused));
  }

  /** Kills and removes a container; does nothing if it is gone. */
  async remove(id: string): Promise<void> {
    await this.#container(id).remove({ force: true }).catch(orNull);
  }

  #container(name: string): Docker.Container {
    return this.#docker.getContainer(encodeURIComponent(name));
  }

  async #pull(image: string): Promise<void> {
    try {
      const progress = await this.#docker.pull(image);
      await new Promise<void>((resolve, reject) => {
        this.#docker.modem.followProgress(progress, (error) => error ? reject(error) : resolve());
      });
    } catch (error) {
      throw new HttpError(500, `Cannot pull image "${image}": ${messageOf(error)}`);
    }
  }
}

/** Output without the 8-byte header before each of its pieces. */
function textOf(frames: Uint8Array): string {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  let text = "";
  for (let at = 0; at + 8 <= frames.byteLength;) {
    const end = at + 8 + view.getUint32(at + 4);
    text += decoder.decode(frames.subarray(at + 8, end), { stream: true });
    at = end;
  }
  return text + decoder.decode();
}

/** "Not found" is an answer; anything else ends the request. */
function orNull(error: unknown): null {
  if (error instanceof Error && "statusCode" in error && error.statusCode === 404) return null;
  return refused(error);
}

function refused(error: unknown): never {
  throw new HttpError(500, messageOf(error));
}

/** The engine's own words if it sent some. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const sent = "json" in error ? error.json : null;
  if (typeof sent === "object" && sent !== null && "message" in sent) return String(sent.message);
  return error.message || String(error);
}
