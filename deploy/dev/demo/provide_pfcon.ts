/**
 * The control plane of the demo.
 *
 * @module
 */
import { socketOf } from "../docker_client.ts";
import { freePort } from "../services/free_port.ts";
import { PfconDevConfig } from "../pfcon_dev/config.ts";
import { RestartableProcess } from "../services/restartable_process.ts";
import { answersWell } from "./answers_well.ts";
import type { Compute } from "./compute.ts";
import { SAMPLE_INPUT } from "./sample.ts";
import { elsewhere, type Provided, type ProvideOptions } from "./provided.ts";

/** A control plane that answers, and how to log in to it. */
export interface ProvidedPfcon extends Provided {
  readonly user: string;
  readonly password: string;
}

/**
 * The pfcon in PFCON_URL, else the stand-in for development, which labels its containers with `label`.
 *
 * @throws {StartError} if the stand-in does not come up.
 */
export async function providePfcon(
  options: ProvideOptions,
  { engine, image }: Compute,
  label: string,
): Promise<ProvidedPfcon> {
  const { PFCON_URL, PFCON_USER = "", PFCON_PASSWORD = "" } = options.env;
  if (PFCON_URL) return { ...elsewhere(PFCON_URL, "PFCON_URL"), user: PFCON_USER, password: PFCON_PASSWORD };
  const store = `${options.dir}/store`;
  await Deno.mkdir(`${store}/${SAMPLE_INPUT}`, { recursive: true });
  await Deno.writeTextFile(`${store}/${SAMPLE_INPUT}/patient.txt`, "a file from the store\n");
  const port = freePort();
  const login = { user: "chris", password: crypto.randomUUID() };
  const socket = socketOf(engine.host);
  const paths = [store, ...(socket ? [socket] : [])].join(",");
  const part = new RestartableProcess({
    name: "pfcon_dev",
    command: Deno.execPath(),
    args: [
      "run",
      "--no-prompt",
      "--ignore-env",
      `--allow-env=${Object.keys(PfconDevConfig.shape).join(",")}`,
      "--allow-sys=hostname,uid,gid",
      `--allow-net=127.0.0.1:${port},${socket ? `unix:${socket}` : engine.host.replace(/^[a-z]+:\/\//, "")}`,
      `--allow-read=${paths}`,
      `--allow-write=${paths}`,
      decodeURIComponent(new URL("../pfcon_dev.ts", import.meta.url).pathname),
    ],
    env: {
      HOST: "127.0.0.1",
      PORT: String(port),
      PFCON_USER: login.user,
      PFCON_PASSWORD: login.password,
      // The kind of storage whose jobs have all steps: copy, plugin, upload, delete.
      STORAGE_ENV: "s3",
      STOREBASE: store,
      PFCON_OP_IMAGE: image,
      JOB_LABELS: label,
      IGNORE_LIMITS: "true",
      DOCKER_HOST: engine.host,
    },
    logFile: `${options.dir}/pfcon_dev.log`,
  }, () => answersWell(`http://127.0.0.1:${port}/api/v1/health/`));
  await part.start();
  return {
    ...login,
    address: `http://127.0.0.1:${port}`,
    description: `pfcon_dev, the stand-in for development, on 127.0.0.1:${port}`,
    part,
    [Symbol.asyncDispose]: () => part.stop(),
  };
}
