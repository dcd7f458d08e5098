import { DockerRuntime } from "../runtime/docker.ts";
import type { LabContainer, RuntimeLab } from "../runtime/runtime_suite.ts";
import { silentLogger } from "../run/log.ts";
import { TEST_LABEL, TestContainers } from "./test_containers.ts";
import { until } from "./until.ts";

/** The process of a container that does what it is told through files in its own /tmp. */
const OBEY = "until [ -s /tmp/exit ]; do sleep 0.02; done; exit $(cat /tmp/exit)";

/** The engine at `DOCKER_HOST` with the real adapter; `fromFiles`: which reads logs from the files that it writes. */
export async function openDockerLab({ fromFiles = false } = {}): Promise<RuntimeLab> {
  const containers = await TestContainers.open();
  const runtime = new DockerRuntime({
    host: containers.host,
    label: TEST_LABEL,
    labelValue: containers.label,
    logDir: fromFiles ? await containers.logDir() : null,
    log: silentLogger,
  });
  return {
    runtime,
    create: (name) => create(containers, name),
    [Symbol.asyncDispose]: () => containers[Symbol.asyncDispose](),
  };
}

async function create(containers: TestContainers, name: string): Promise<LabContainer> {
  const container = await containers.create(name, OBEY);
  const execute = async (script: string) => {
    const exec = await container.exec({ Cmd: ["sh", "-c", script], AttachStdout: true });
    const output = await exec.start({});
    for await (const _ of output) { /* it has ended when its output has */ }
  };
  return {
    id: container.id,
    start: async () => void await container.start(),
    write: async (stream, text) => {
      const octal = Array.from(
        new TextEncoder().encode(text),
        (byte) => `\\${byte.toString(8).padStart(3, "0")}`,
      );
      await execute(`printf '${octal.join("")}' > /proc/1/fd/${stream === "stdout" ? 1 : 2}`);
      await stored(containers, container.id, text);
    },
    end: async (exitCode) => {
      await execute(`echo ${exitCode} > /tmp/exit`);
      await container.wait();
    },
    remove: async () => void await container.remove({ force: true }),
  };
}

/** The engine stores output a moment after it is written; a last line without newline it stores at the end. */
async function stored(containers: TestContainers, id: string, text: string): Promise<void> {
  const lines = text.split("\n").filter(Boolean);
  const last = lines.at(-1);
  if (!text.endsWith("\n") || !last) return;
  await until(`in the log of ${id}: "${last}"`, async () => {
    const log = await containers.docker.getContainer(id).logs({ stdout: true, stderr: true, tail: 1 });
    return log.toString().includes(last);
  });
}
