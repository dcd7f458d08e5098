/**
 * A Docker Engine of a test's own, which may be stopped, killed and started again.
 *
 * @module
 */
import { engineVersion } from "../../deploy/dev/docker_client.ts";
import { canStartDaemon } from "../../deploy/dev/docker_daemon.ts";
import { until } from "./until.ts";

/** Whether tests with such an engine are left out: it cannot be started, and `REQUIRE_DOCKER=1` is not set. */
export const NO_PRIVATE_DOCKER: boolean = !(await canStartDaemon()).ok &&
  Deno.env.get("REQUIRE_DOCKER") !== "1";

/** See the module's description. Disposing stops it with all its containers and removes its data. */
export class PrivateDocker implements AsyncDisposable {
  readonly host: string;
  readonly #dir: string;
  readonly #more: readonly string[];
  #process: Deno.ChildProcess | null = null;

  private constructor(dir: string, more: readonly string[]) {
    this.#dir = dir;
    this.#more = more;
    this.host = `unix://${dir}/docker.sock`;
  }

  /** Starts one with further `options` of `dockerd`. @throws {Error} if it does not come up. */
  static async start(options: readonly string[] = []): Promise<PrivateDocker> {
    const docker = new PrivateDocker(await Deno.makeTempDir({ prefix: "chris-dk-" }), options);
    await docker.start();
    return docker;
  }

  /** Starts it again where it was. */
  async start(): Promise<void> {
    const dir = this.#dir;
    const args = ["--host", this.host, "--data-root", `${dir}/data`, "--exec-root", `${dir}/exec`]
      .concat("--pidfile", `${dir}/docker.pid`, "--log-level", "warn")
      .concat("--bridge=none", "--iptables=false", "--ip6tables=false", this.#more);
    // In a network of its own: a daemon without a bridge would remove the one of the machine's own daemon.
    // The shell is there because Deno gives a process no file to write to.
    const script = ["-c", `exec unshare --net dockerd "$@" >> ${dir}/log 2>&1`, "sh"];
    this.#process = new Deno.Command("sh", { args: [...script, ...args], stdin: "null" }).spawn();
    await until("answered by the private engine", () => engineVersion(this.host), 60_000);
  }

  /** Ends the daemon; what becomes of its containers is its own affair. */
  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    this.#process?.kill(signal);
    await this.#process?.status;
    this.#process = null;
    if (signal === "SIGTERM") return;
    // Its containerd dies with it; the next one must not take what is left of that for a living one.
    await this.#endContainerd();
  }

  async #endContainerd(): Promise<void> {
    const pidFile = `${this.#dir}/exec/containerd/containerd.pid`;
    const pid = Number(await Deno.readTextFile(pidFile).catch(() => "0"));
    if (pid === 0) return;
    try {
      Deno.kill(pid, "SIGKILL");
    } catch { /* it has ended */ }
    await Deno.remove(pidFile);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#process) await this.start();
    await this.end("SIGTERM");
    await this.#endContainerd();
    // A daemon that was killed leaves its mounts.
    const mounts = (await Deno.readTextFile("/proc/self/mounts")).split("\n").map((line) =>
      line.split(" ")[1] ?? ""
    );
    for (const mount of mounts.filter((path) => path.startsWith(`${this.#dir}/`)).reverse()) {
      await new Deno.Command("umount", { args: ["-l", mount] }).output();
    }
    await Deno.remove(this.#dir, { recursive: true });
  }
}
