/**
 * A connection to a server that is told things and whose answers nobody waits for.
 *
 * @module
 */

/** Writes requests one after the other; the answers are only looked at for faults. */
export class Wire implements Disposable {
  readonly #connection: Deno.Conn;
  readonly #isFault: (answer: string) => boolean;
  #fault: string | null = null;

  private constructor(connection: Deno.Conn, isFault: (answer: string) => boolean) {
    this.#connection = connection;
    this.#isFault = isFault;
    this.#read().catch(() => {}); // closed
  }

  /** Connects to a port of this machine; `isFault` is shown what comes back, in pieces. */
  static async open(port: number, isFault: (answer: string) => boolean): Promise<Wire> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    return new Wire(connection, isFault);
  }

  /** @throws {Error} with the server's words, if it refused what it was told before. */
  async write(text: string): Promise<void> {
    if (this.#fault !== null) throw new Error(`Cannot publish: ${this.#fault}`);
    const bytes = new TextEncoder().encode(text);
    for (let sent = 0; sent < bytes.length;) sent += await this.#connection.write(bytes.subarray(sent));
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(1 << 16);
    for (;;) {
      const count = await this.#connection.read(buffer);
      if (count === null) return;
      const answer = new TextDecoder().decode(buffer.subarray(0, count));
      if (this.#isFault(answer)) this.#fault = answer.slice(0, 300);
    }
  }
}
