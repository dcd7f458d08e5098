/**
 * A proxy that counts the HTTP requests that go through it.
 *
 * @module
 */

/** Where something listens: `unix:///path` or `http://host:port`. */
type Address = string;

/** Passes bytes on; whatever a client begins with a request line is a call. */
export class CountingProxy implements AsyncDisposable {
  /** Method and path (without query) of each call so far, in order. */
  readonly calls: string[] = [];
  readonly #behind: Address;
  readonly #listener: Deno.Listener;
  readonly #folder: string | null;
  readonly #connections = new Set<Deno.Conn>();
  readonly #accepting: Promise<void>;

  /** Listens on a socket or port of its own, of the kind of the one behind it. */
  constructor(behind: Address) {
    this.#behind = behind;
    this.#folder = behind.startsWith("unix://") ? Deno.makeTempDirSync({ prefix: "bench-proxy-" }) : null;
    this.#listener = this.#folder
      ? Deno.listen({ transport: "unix", path: `${this.#folder}/socket` })
      : Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accepting = this.#accept();
  }

  /** Its address, in the form of the one behind it. */
  get address(): Address {
    const { addr } = this.#listener;
    return addr.transport === "unix"
      ? `unix://${addr.path}`
      : `http://127.0.0.1:${(addr as Deno.NetAddr).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await this.#accepting;
    if (this.#folder) await Deno.remove(this.#folder, { recursive: true });
  }

  async #accept(): Promise<void> {
    const passing: Promise<void>[] = [];
    for await (const client of this.#listener) passing.push(this.#pass(client).catch(() => {}));
    await Promise.all(passing);
  }

  async #pass(client: Deno.Conn): Promise<void> {
    this.#connections.add(client);
    const server = await connect(this.#behind);
    this.#connections.add(server);
    await Promise.all([
      this.#pump(client, server, (bytes) => this.#count(bytes)),
      this.#pump(server, client, () => {}),
    ]);
  }

  async #pump(from: Deno.Conn, to: Deno.Conn, look: (bytes: Uint8Array) => void): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
        const bytes = buffer.subarray(0, count);
        look(bytes);
        for (let at = 0; at < count;) at += await to.write(bytes.subarray(at));
      }
    } catch { /* one side has gone */ }
    for (const connection of [from, to]) {
      close(connection);
      this.#connections.delete(connection);
    }
  }

  #count(bytes: Uint8Array): void {
    const begin = new TextDecoder("latin1").decode(bytes.subarray(0, 300));
    const [, method, path] = /^([A-Z]+) ([^ ?]+)\S* HTTP\/1/.exec(begin) ?? [];
    if (method) this.calls.push(`${method} ${path}`);
  }
}

async function connect(address: Address): Promise<Deno.Conn> {
  if (address.startsWith("unix://")) {
    return await Deno.connect({ transport: "unix", path: address.slice("unix://".length) });
  }
  const { hostname, port } = new URL(address);
  return await Deno.connect({ hostname, port: Number(port) });
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch { /* it is closed */ }
}
