/**
 * A TCP port in front of a Docker Engine's socket that misbehaves: connections fall silent without being closed,
 * and single questions are answered with an error.
 *
 * @module
 */

/** See the module's description. One question per connection is looked at, which is what our clients ask. */
export class EngineProxy implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #behind: string;
  readonly #accepting: Promise<void>;
  readonly #open = new Set<Connection>();
  /** Questions whose path matches are answered with 500. */
  refuses: RegExp | null = null;
  /** Answers to questions whose path matches stop after so many bytes, as if there were nothing more. */
  swallows: { readonly path: RegExp; readonly after: number } | null = null;
  /** Paths asked for so far. */
  readonly asked: string[] = [];

  /** `behind` is the path of the Engine's socket. */
  constructor(behind: string) {
    this.#behind = behind;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accepting = this.#accept();
  }

  /** In the form of `DOCKER_HOST`. */
  get host(): string {
    return `tcp://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Connections made so far, or those last asked for such a path, fall silent for good; later ones work. */
  mute(path = /^/): void {
    for (const connection of this.#open) if (path.test(connection.path)) connection.room = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#open) for (const end of connection.ends) close(end);
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    const serving: Promise<void>[] = [];
    for await (const near of this.#listener) serving.push(this.#serve(near));
    await Promise.all(serving);
  }

  async #serve(near: Deno.TcpConn): Promise<void> {
    const far = await Deno.connect({ transport: "unix", path: this.#behind });
    const connection: Connection = { ends: [near, far], room: Infinity, path: "" };
    this.#open.add(connection);
    await Promise.all([this.#questions(near, far, connection), answers(far, near, connection)]);
    this.#open.delete(connection);
  }

  async #questions(near: Deno.Conn, far: Deno.Conn, connection: Connection): Promise<void> {
    const refusal = '{"message":"something is wrong with this one"}';
    await pump(near, async (bytes) => {
      const path = /^[A-Z]+ (\S+) HTTP/.exec(new TextDecoder().decode(bytes))?.[1];
      if (path) {
        this.asked.push(path);
        connection.path = path;
      }
      if (path && this.refuses?.test(path)) {
        const head =
          "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\nConnection: close\r\n";
        await write(
          near,
          new TextEncoder().encode(`${head}Content-Length: ${refusal.length}\r\n\r\n${refusal}`),
        );
        return close(near);
      }
      if (path && connection.room > 0) {
        connection.room = this.swallows?.path.test(path) ? this.swallows.after : Infinity;
      }
      if (connection.room > 0) await write(far, bytes);
    });
    close(far);
  }
}

interface Connection {
  readonly ends: readonly Deno.Conn[];
  path: string;
  /** Bytes that may still come back. */
  room: number;
}

async function answers(far: Deno.Conn, near: Deno.Conn, connection: Connection): Promise<void> {
  await pump(far, async (bytes) => {
    const passed = bytes.subarray(0, connection.room);
    connection.room -= passed.length;
    if (passed.length > 0) await write(near, passed);
  });
  // A connection that has fallen silent is not closed either.
  if (connection.room > 0) close(near);
}

async function pump(from: Deno.Conn, take: (bytes: Uint8Array) => Promise<void>): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
      await take(buffer.subarray(0, count));
    }
  } catch { /* an end was closed meanwhile */ }
}

async function write(to: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch { /* it is closed already */ }
}
