/**
 * A server in a container, for machines that have a Docker Engine but not the server's program.
 *
 * @module
 */
// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import { hasImage, pullImage } from "../images.ts";

/** What is started. */
export interface ContainerServiceOptions {
  readonly name: string;
  readonly image: string;
  /** Port of the server inside the container. */
  readonly port: number;
  readonly env?: readonly string[];
  readonly command?: readonly string[];
}

/** A server in a container; disposing removes it with its data. */
export interface ContainerService extends AsyncDisposable {
  /** Port on 127.0.0.1. */
  readonly port: number;
  readonly containerId: string;
}

/** Starts the container if the engine has its image or can get it; null if it cannot. It may not answer yet. */
export async function startContainerService(
  docker: Docker,
  options: ContainerServiceOptions,
): Promise<ContainerService | null> {
  if (!await hasImage(docker, options.image) && !await pullImage(docker, options.image)) return null;
  const inside = `${options.port}/tcp`;
  const container = await docker.createContainer({
    Image: options.image,
    Cmd: options.command ? [...options.command] : undefined,
    Env: [...options.env ?? []],
    ExposedPorts: { [inside]: {} },
    HostConfig: { PortBindings: { [inside]: [{ HostIp: "127.0.0.1", HostPort: "" }] } },
  });
  const remove = async () => void await container.remove({ force: true, v: true }).catch(() => {});
  try {
    await container.start();
    const { NetworkSettings } = await container.inspect();
    const port = Number(NetworkSettings.Ports[inside]?.[0]?.HostPort);
    if (!port) throw new Error(`Cannot reach ${options.name}: its container has no port on this machine`);
    return { port, containerId: container.id, [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** The image that a service of a compose file names, or null. Reads no more of YAML than that takes. */
export function composeImage(yaml: string, service: string): string | null {
  let inside = false;
  for (const line of yaml.split("\n")) {
    if (/^ {2}[A-Za-z0-9_-]+:\s*$/.test(line)) inside = line.trim() === `${service}:`;
    const image = inside && /^ {4}image:\s*["']?([^"'\s#]+)/.exec(line)?.[1];
    if (image) return image.replace(/\$\{[A-Za-z0-9_]+:?-([^}]*)\}/g, "$1");
  }
  return null;
}
