import { EngineError } from "./engine_error.ts";

/** An image: a name and nothing else, for the programs are those of the machine. */
export interface Image {
  /** `repository:tag`. */
  readonly name: string;
  /** `sha256:` and 64 hex digits, always the same for the same name. */
  readonly id: string;
}

/** The images that containers may be made of; none can be added later. */
export class Images {
  readonly #images: readonly Image[];

  private constructor(images: readonly Image[]) {
    this.#images = images;
  }

  /** Images of these names; a name without tag means `latest`. */
  static async of(names: readonly string[]): Promise<Images> {
    return new Images(await Promise.all([...new Set(names.map(fullName))].map(imageOf)));
  }

  /** All of them, in the order given. */
  all(): readonly Image[] {
    return this.#images;
  }

  /**
   * The image of that name, id, or unique beginning of an id.
   *
   * @throws {EngineError} 404 if there is none.
   */
  get(reference: string): Image {
    const image = this.find(reference);
    if (!image) throw new EngineError(404, `No such image: ${fullName(reference)}`);
    return image;
  }

  /** As {@linkcode Images.get}, but nothing for an unknown one. */
  find(reference: string): Image | undefined {
    const named = this.#images.find(({ name }) => name === fullName(reference));
    if (named) return named;
    const hex = reference.replace(/^sha256:/, "");
    if (!/^[0-9a-f]{4,64}$/.test(hex)) return undefined;
    const matching = this.#images.filter(({ id }) => id.startsWith(`sha256:${hex}`));
    return matching.length === 1 ? matching[0] : undefined;
  }
}

/** What `GET /images/{name}/json` says. */
export function imageJson({ id, name }: Image, created: string): Record<string, unknown> {
  const config = {
    Cmd: null,
    Entrypoint: null,
    Env: null,
    Image: "",
    Labels: null,
    User: "",
    WorkingDir: "",
  };
  return {
    Id: id,
    RepoTags: [name],
    RepoDigests: [],
    Parent: "",
    Comment: "local processes",
    Created: created,
    Container: "",
    DockerVersion: "",
    Author: "",
    Config: config,
    ContainerConfig: config,
    Architecture: architecture(),
    Os: "linux",
    Size: 0,
    VirtualSize: 0,
    GraphDriver: { Name: "process", Data: null },
    RootFS: { Type: "layers", Layers: [] },
    Metadata: { LastTagTime: created },
  };
}

/** The processor in the words of images. */
export function architecture(): "amd64" | "arm64" {
  return Deno.build.arch === "aarch64" ? "arm64" : "amd64";
}

/** `name` without the registry and folder that are understood. */
export function familiarName(name: string): string {
  return name.replace(/^docker\.io\//, "").replace(/^library\//, "");
}

function fullName(name: string): string {
  const short = familiarName(name);
  return /[:@][^/]*$/.test(short) ? short : `${short}:latest`;
}

async function imageOf(name: string): Promise<Image> {
  const digest = new Uint8Array(
    await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`image ${name}`)),
  );
  return { name, id: `sha256:${digest.toHex()}` };
}
