/**
 * What a job's containers look like, in the words of the Docker Engine API; pure.
 *
 * @module
 */

/** Where every container finds its input and leaves its output. */
const INPUT_DIR = "/share/incoming";
/** Where every container finds its input and leaves its output. */
const OUTPUT_DIR = "/share/outgoing";

/** A container to be made. */
export interface ContainerSpec {
  readonly name: string;
  readonly image: string;
  readonly cmd: string[];
  readonly env: string[];
  readonly labels: Record<string, string>;
  /** Host paths. Input is read-only; if both are the same, only the input is mounted. */
  readonly mounts: { readonly input?: string; readonly output: string };
  /** Thousandths of a CPU, and MiB; null for none. */
  readonly limits: { readonly cpu: number; readonly memory: number } | null;
  readonly gpus: number;
  /** Null for the image's own user. */
  readonly user: { readonly uid: number; readonly gid: number } | null;
}

/**
 * The request that makes a container. Memory is a reservation, not a limit, as with pfcon. Unlike pfcon's, it has no
 * network: what works on files needs none, and making one takes the Engine longer than all the rest.
 */
export function createOptions(spec: ContainerSpec) {
  const { input, output } = spec.mounts;
  const binds = input === undefined ? [] : [`${input}:${INPUT_DIR}:ro`];
  if (output !== input) binds.push(`${output}:${OUTPUT_DIR}:rw`);
  const limits = spec.limits &&
    { NanoCpus: spec.limits.cpu * 1_000_000, MemoryReservation: spec.limits.memory * 1_048_576 };
  const gpus = spec.gpus > 0 ? { DeviceRequests: [{ Count: spec.gpus, Capabilities: [["gpu"]] }] } : {};
  return {
    name: spec.name,
    Image: spec.image,
    Cmd: spec.cmd,
    Env: spec.env,
    Labels: spec.labels,
    NetworkDisabled: true,
    ...(spec.user && { User: String(spec.user.uid) }),
    HostConfig: {
      Binds: binds,
      RestartPolicy: { Name: "no", MaximumRetryCount: 0 },
      ...limits,
      ...gpus,
      ...(spec.user && { GroupAdd: [String(spec.user.gid)] }),
    },
  };
}

/** What a plugin runs: entrypoint, arguments, then the directories its type wants. */
export function pluginCommand(
  job: { entrypoint: string[]; args: string[]; pathFlags: string[]; type: string },
): string[] {
  const args = [...job.args];
  for (let i = 0; i < args.length; i++) {
    if (job.pathFlags.includes(args[i] ?? "")) args[++i] = INPUT_DIR;
  }
  return [...job.entrypoint, ...args, ...(job.type === "ds" ? [INPUT_DIR] : []), OUTPUT_DIR];
}

/**
 * What copies input directories (paths relative to the mounted store) into the job's directory. Unlike
 * pfcon's own copy, it does not follow `.chrislink` files.
 */
export function copyCommand(inputDirs: string[]): string[] {
  return ["sh", "-c", COPY, "copy", OUTPUT_DIR, ...inputDirs.map((dir) => `${INPUT_DIR}/${dir}`)];
}

/** What copies a plugin's output to where it is kept. */
export function uploadCommand(): string[] {
  return ["sh", "-c", UPLOAD, "upload", INPUT_DIR, OUTPUT_DIR];
}

/** What empties the job's directory. */
export function deleteCommand(): string[] {
  return ["sh", "-c", DELETE, "delete", OUTPUT_DIR];
}

// Paths reach the scripts as arguments only: nothing from a request is ever read as shell text. Each script is
// one line, since people see it as the container's command.
const COPY = 'set -e; key=$1; shift; mkdir -p "$key/incoming"; ' +
  'for dir; do if [ -d "$dir" ]; then echo "copying $dir"; cp -R "$dir/." "$key/incoming/"; ' +
  'else echo "nothing at $dir"; fi; done; ' +
  'echo "$(find "$key/incoming" -type f | wc -l) files are ready"';

const UPLOAD =
  'set -e; echo "uploading $(find "$1" -type f | wc -l) files"; cp -R "$1/." "$2/"; echo "uploaded"';

const DELETE = 'set -e; echo "deleting $(find "$1" -type f | wc -l) files"; ' +
  'rm -rf "$1/incoming" "$1/outgoing"; echo "deleted"';
