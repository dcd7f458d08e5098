/**
 * A TCP proxy whose connections can fall silent without being closed, as when a machine dies.
 *
 * @module
 */

/** See the module's description. */
export class MutedProxy implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #target: number;
  readonly #open = new Set<{ muted: boolean; readonly ends: readonly Deno.TcpConn[] }>();
  readonly #accepting: Promise<void>;

  /** `target` is a port on this machine. */
  constructor(target: number) {
    this.#target = target;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accepting = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Connections made so far fall silent for good; later ones work. */
  mute(): void {
    for (const connection of this.#open) connection.muted = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const { ends } of this.#open) for (const end of ends) close(end);
    await this.#accepting;
  }

  async #accept(): Promise<void> {
    const pumps: Promise<void>[] = [];
    for await (const near of this.#listener) {
      const far = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
      const connection = { muted: false, ends: [near, far] };
      this.#open.add(connection);
      pumps.push(pump(near, far, connection), pump(far, near, connection));
    }
    await Promise.all(pumps);
  }
}

async function pump(from: Deno.TcpConn, to: Deno.TcpConn, connection: { muted: boolean }): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (;;) {
      const count = await from.read(buffer);
      if (count === null) break;
      if (!connection.muted) await to.write(buffer.subarray(0, count));
    }
  } catch {
    // The other end was closed meanwhile.
  }
  if (!connection.muted) close(to);
  close(from);
}

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
