/**
 * Containers in the words of the API. Pure.
 *
 * @module
 */
import type { Bind } from "./binds.ts";
import type { Container } from "./container.ts";
import type { ContainerState } from "./container_state.ts";
import { stateTime } from "./nano_time.ts";

/** What `GET /containers/{id}/json` says. */
export function inspectJson({ spec, state, log }: Container): Record<string, unknown> {
  const { request } = spec;
  const [path = "", ...args] = [...request.Entrypoint, ...request.Cmd];
  const { HostConfig, ...config } = request;
  return {
    Id: spec.id,
    Created: stateTime(spec.createdNanos),
    Path: path,
    Args: args,
    State: stateJson(state),
    Image: spec.image.id,
    ResolvConfPath: "",
    HostnamePath: "",
    HostsPath: "",
    LogPath: state.startedNanos === null ? "" : log.path,
    Name: `/${spec.name}`,
    RestartCount: 0,
    Driver: "process",
    Platform: "linux",
    MountLabel: "",
    ProcessLabel: "",
    AppArmorProfile: "",
    ExecIDs: null,
    HostConfig: {
      NetworkMode: "default",
      RestartPolicy: { Name: "", MaximumRetryCount: 0 },
      ...HostConfig,
      Binds: listOrNull(HostConfig.Binds),
      LogConfig: { Type: "json-file", Config: {} },
    },
    GraphDriver: { Name: "process", Data: null },
    Mounts: spec.binds.map(mountJson),
    Config: {
      Hostname: spec.id.slice(0, 12),
      User: "",
      ...config,
      Env: listOrNull(request.Env),
      Cmd: listOrNull(request.Cmd),
      Entrypoint: listOrNull(request.Entrypoint),
    },
    NetworkSettings: { Networks: {}, Ports: {} },
  };
}

/** One element of what `GET /containers/json` says. `now` in nanoseconds. */
export function summaryJson({ spec, state }: Container, now: bigint): Record<string, unknown> {
  const { request } = spec;
  const words = [...request.Entrypoint, ...request.Cmd];
  return {
    Id: spec.id,
    Names: [`/${spec.name}`],
    Image: request.Image,
    ImageID: spec.image.id,
    Command: words.map((word, i) => i > 0 && word.includes(" ") ? `'${word}'` : word).join(" "),
    Created: Number(spec.createdNanos / 1_000_000_000n),
    Ports: [],
    Labels: request.Labels,
    State: state.status,
    Status: statusText(state, now),
    HostConfig: { NetworkMode: "default" },
    NetworkSettings: { Networks: {} },
    Mounts: spec.binds.map(mountJson),
  };
}

function stateJson(state: ContainerState): Record<string, unknown> {
  return {
    Status: state.status,
    Running: state.status === "running",
    Paused: false,
    Restarting: false,
    OOMKilled: false,
    Dead: false,
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: stateTime(state.startedNanos),
    FinishedAt: stateTime(state.finishedNanos),
  };
}

function mountJson({ source, destination, mode, volume }: Bind): Record<string, unknown> {
  return {
    Type: volume === undefined ? "bind" : "volume",
    ...(volume === undefined ? {} : { Name: volume, Driver: "local" }),
    Source: source,
    Destination: destination,
    Mode: mode,
    RW: !mode.split(",").includes("ro"),
    Propagation: volume === undefined ? "rprivate" : "",
  };
}

function statusText(state: ContainerState, now: bigint): string {
  if (state.status === "created") return "Created";
  if (state.status === "running") return `Up ${durationText(now - (state.startedNanos ?? now))}`;
  return `Exited (${state.exitCode}) ${durationText(now - (state.finishedNanos ?? now))} ago`;
}

function durationText(nanos: bigint): string {
  const seconds = Number(nanos / 1_000_000_000n);
  if (seconds < 1) return "Less than a second";
  const units: [name: string, seconds: number][] = [["day", 86_400], ["hour", 3_600], ["minute", 60], [
    "second",
    1,
  ]];
  const [name, size] = units.find(([, size]) => seconds >= size) ?? ["second", 1];
  const count = Math.floor(seconds / size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

function listOrNull(list: readonly string[]): readonly string[] | null {
  return list.length === 0 ? null : list;
}
