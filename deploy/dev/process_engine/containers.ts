import { parseBind } from "./binds.ts";
import { Container, type ContainerSurroundings } from "./container.ts";
import { containerName, parseCreateRequest } from "./create_request.ts";
import { EngineError } from "./engine_error.ts";
import { type Filters, hasLabels, isOneOf, matchesOneOf } from "./filters.ts";
import type { Images } from "./images.ts";
import { SIGKILL } from "./signals.ts";

/** What containers are made from and where they are kept. */
export interface ContainersOptions extends ContainerSurroundings {
  readonly images: Images;
  /** Each container has a folder of its own in here. */
  readonly folder: string;
  /** Named volumes are folders in here. */
  readonly volumeFolder: string;
}

const FILTERS = new Set(["label", "name", "id", "status", "exited", "ancestor"]);
const STATUSES = ["created", "restarting", "running", "removing", "paused", "exited", "dead"];

/** All containers of an engine. */
export class Containers {
  readonly #options: ContainersOptions;
  /** By id, oldest first. */
  readonly #containers = new Map<string, Container>();
  readonly #leaving = new Set<string>();

  constructor(options: ContainersOptions) {
    this.#options = options;
  }

  /**
   * Makes a container of a request body.
   *
   * @throws {EngineError} 400 for a faulty request, 404 for an unknown image, 409 for a name in use.
   */
  create(wantedName: string | undefined, body: unknown): Container {
    const { clock, folder, images, volumeFolder } = this.#options;
    const id = crypto.getRandomValues(new Uint8Array(32)).toHex();
    const name = containerName(wantedName, id);
    const request = parseCreateRequest(body);
    const image = images.get(request.Image);
    const holder = this.#named(name);
    if (holder) {
      throw new EngineError(
        409,
        `Conflict. The container name "/${name}" is already in use by container "${holder.spec.id}". ` +
          "You have to remove (or rename) that container to be able to reuse that name.",
      );
    }
    const binds = request.HostConfig.Binds.map((bind) => parseBind(bind, volumeFolder));
    const spec = { id, name, image, request, binds, folder: `${folder}/${id}`, createdNanos: clock() };
    const container = new Container(spec, this.#options);
    this.#containers.set(id, container);
    if (request.HostConfig.AutoRemove) void this.#leaveAfterExit(container);
    return container;
  }

  /**
   * The container of that id or name, or whose id alone begins so.
   *
   * @throws {EngineError} 404 if there is none, 500 if the beginning is not unique.
   */
  get(reference: string): Container {
    const exact = this.#containers.get(reference) ?? this.#named(reference.replace(/^\//, ""));
    if (exact) return exact;
    const matching = [...this.#containers.values()].filter(({ spec }) => spec.id.startsWith(reference));
    if (matching.length > 1) {
      throw new EngineError(500, `Multiple IDs found with provided prefix: ${reference}`);
    }
    const [only] = matching;
    if (!only || reference === "") throw new EngineError(404, `No such container: ${reference}`);
    return only;
  }

  /**
   * The containers that pass the filters, newest first.
   *
   * @throws {EngineError} 400 for a filter that is not known.
   */
  list(filters: Filters): Container[] {
    const unknown = [...filters.keys()].find((name) => !FILTERS.has(name));
    if (unknown !== undefined) throw new EngineError(400, `Invalid filter '${unknown}'`);
    const strange = filters.get("status")?.find((status) => !STATUSES.includes(status));
    if (strange !== undefined) throw new EngineError(400, `Invalid filter 'status=${strange}'`);
    return [...this.#containers.values()].reverse().filter(({ spec, state }) =>
      hasLabels(filters, spec.request.Labels) &&
      matchesOneOf(filters, "name", [spec.name, `/${spec.name}`]) &&
      matchesOneOf(filters, "id", [spec.id]) &&
      isOneOf(filters, "status", state.status) &&
      (!filters.has("exited") ||
        state.status === "exited" && isOneOf(filters, "exited", String(state.exitCode))) &&
      (isOneOf(filters, "ancestor", spec.request.Image) || isOneOf(filters, "ancestor", spec.image.name))
    );
  }

  /**
   * Removes a container.
   *
   * @throws {EngineError} 404 for an unknown one; 409 if it runs and `force` is not given, or is on its way out.
   */
  async remove(reference: string, force: boolean): Promise<void> {
    const container = this.get(reference);
    if (this.#leaving.has(container.spec.id)) {
      throw new EngineError(409, `removal of container ${reference} is already in progress`);
    }
    await this.#leave(container, force);
  }

  /** Ends every process at once, by SIGKILL, and waits for the ends. */
  async killAll(): Promise<void> {
    const running = [...this.#containers.values()].filter(({ isRunning }) => isRunning);
    await Promise.all(running.map((container) => container.kill(SIGKILL)));
  }

  async #leaveAfterExit(container: Container): Promise<void> {
    await container.wait("next-exit");
    await this.#leave(container, true).catch((error) => {
      this.#options.logger.error({ error, container: container.spec.id }, "automatic removal failed");
    });
  }

  async #leave(container: Container, force: boolean): Promise<void> {
    const { id } = container.spec;
    if (this.#leaving.has(id)) return;
    this.#leaving.add(id);
    try {
      await container.retire(force);
      this.#containers.delete(id);
      await container.discard();
    } finally {
      this.#leaving.delete(id);
    }
  }

  #named(name: string): Container | undefined {
    return [...this.#containers.values()].find(({ spec }) => spec.name === name);
  }
}
