/**
 * A unix socket in front of another one, whose connections a test can cut.
 *
 * @module
 */

/** Passes bytes between its socket and the one behind it, as long as it is let. */
export class UnixProxy implements AsyncDisposable {
  readonly path: string;
  readonly #behind: string;
  readonly #connections = new Set<Deno.Conn>();
  readonly #ended: Promise<void>;
  readonly #listener: Deno.UnixListener;
  #refuses = false;

  constructor(behind: string) {
    this.#behind = behind;
    this.path = `${Deno.makeTempDirSync({ prefix: "chris-proxy-" })}/socket`;
    this.#listener = Deno.listen({ transport: "unix", path: this.path });
    this.#ended = this.#accept();
  }

  /** Cuts all connections, and from now on also new ones. */
  cut(): void {
    this.#refuses = true;
    this.cutOnce();
  }

  /** Cuts the connections there are. */
  cutOnce(): void {
    for (const connection of this.#connections) close(connection);
    this.#connections.clear();
  }

  /** Lets new connections through again. */
  mend(): void {
    this.#refuses = false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await this.#ended;
    await Deno.remove(this.path.replace(/\/socket$/, ""), { recursive: true });
  }

  async #accept(): Promise<void> {
    for await (const front of this.#listener) {
      if (this.#refuses) close(front);
      else this.#connect(front);
    }
  }

  async #connect(front: Deno.Conn): Promise<void> {
    const back = await Deno.connect({ transport: "unix", path: this.#behind }).catch(() => null);
    if (!back || this.#refuses) { // nothing is behind it now, or it was cut meanwhile
      for (const end of [front, back]) if (end) close(end);
      return;
    }
    this.#connections.add(front).add(back);
    const pump = (from: Deno.Conn, to: Deno.Conn) => from.readable.pipeTo(to.writable).catch(() => {});
    await Promise.all([pump(front, back), pump(back, front)]);
    this.#connections.delete(front);
    this.#connections.delete(back);
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch { /* it is closed */ }
}
