/**
 * What the engine says of itself. Pure.
 *
 * @module
 */
import type { Container } from "./container.ts";
import { architecture } from "./images.ts";

/** The version of the Engine API that is spoken, and the Engine whose behaviour is kept to. */
export const API_VERSION = "1.41";
const ENGINE_VERSION = "20.10.24-process";

/** Headers on every answer; clients agree on a version by them. */
export const ENGINE_HEADERS: Readonly<Record<string, string>> = {
  "Api-Version": API_VERSION,
  "Docker-Experimental": "false",
  "Ostype": "linux",
  "Server": `Docker/${ENGINE_VERSION} (linux)`,
};

/** What `GET /version` says. */
export function versionJson(): Record<string, unknown> {
  const common = {
    ApiVersion: API_VERSION,
    MinAPIVersion: "1.12",
    GitCommit: "",
    GoVersion: "",
    KernelVersion: "",
  };
  const details = { ...common, Arch: architecture(), Os: "linux", Experimental: "false", BuildTime: "" };
  return {
    Platform: { Name: "local processes" },
    Components: [{ Name: "Engine", Version: ENGINE_VERSION, Details: details }],
    Version: ENGINE_VERSION,
    ...common,
    Os: "linux",
    Arch: architecture(),
    BuildTime: "",
  };
}

/** What `GET /info` says. */
export function infoJson(
  containers: readonly Container[],
  options: { images: number; folder: string; now: string },
) {
  const running = containers.filter(({ isRunning }) => isRunning).length;
  return {
    ID: "process-engine",
    Containers: containers.length,
    ContainersRunning: running,
    ContainersPaused: 0,
    ContainersStopped: containers.length - running,
    Images: options.images,
    Driver: "process",
    DriverStatus: [],
    Plugins: { Volume: ["local"], Network: [], Authorization: null, Log: ["json-file"] },
    SystemTime: options.now,
    LoggingDriver: "json-file",
    CgroupDriver: "none",
    KernelVersion: "",
    OperatingSystem: "local processes",
    OSType: "linux",
    Architecture: Deno.build.arch,
    IndexServerAddress: "",
    RegistryConfig: null,
    NCPU: navigator.hardwareConcurrency,
    MemTotal: 0,
    DockerRootDir: options.folder,
    Name: "process-engine",
    Labels: [],
    ExperimentalBuild: false,
    ServerVersion: ENGINE_VERSION,
    Swarm: { LocalNodeState: "inactive" },
    LiveRestoreEnabled: false,
    SecurityOptions: [],
    Warnings: null,
  };
}
