/**
 * Answers of the Docker Engine as bytes, for what comes in many small pieces. The Engine sends each log line in a
 * chunk of its own; asked in HTTP/1.0 it leaves the chunks out, and many lines come in one read. Taking the chunks
 * apart costs more than everything else we do with a line.
 *
 * @module
 */
import { Readable } from "node:stream";

/** The Engine's answer is not 200. */
export class RefusedByEngineError extends Error {
  override readonly name = "RefusedByEngineError";

  constructor(readonly statusCode: number, message: string) {
    super(`Cannot read the answer: HTTP code ${statusCode} - ${message}`);
  }
}

/** Bounds of a block that is read into (bytes). Thousands of answers may be open, of which little comes. */
const BLOCK_BYTES = { least: 4 * 1024, most: 256 * 1024 };
/** A block has room for about so many reads like the one before it. */
const READS_PER_BLOCK = 8;
const HEAD_END = "\r\n\r\n";
const LONGEST_HEAD = 64 * 1024;

/**
 * Asks for `path` (of the Engine API) and gives the body of the answer as a stream. Its end is that of the
 * connection, so it does not tell whether the Engine had more to say: for readings that are compared with
 * something else afterwards.
 *
 * @param host `unix:///path`, `tcp://host:port` or `http://host:port`.
 * @throws {RefusedByEngineError} if the answer is not 200.
 */
export async function rawAnswer(host: string, path: string, signal: AbortSignal): Promise<Readable> {
  const connection = await connect(host);
  const close = () => closeQuietly(connection);
  signal.addEventListener("abort", close);
  try {
    const reader = new BlockReader(connection);
    signal.throwIfAborted();
    await writeAll(connection, `GET ${path} HTTP/1.0\r\nHost: docker\r\n\r\n`);
    const { status, rest } = await readHead(reader);
    if (status !== 200) throw new RefusedByEngineError(status, await readMessage(reader, rest));
    signal.throwIfAborted();
    return bodyStream(reader, rest, close);
  } catch (error) {
    close();
    throw error;
  } finally {
    signal.removeEventListener("abort", close);
  }
}

async function connect(host: string): Promise<Deno.Conn> {
  if (host.startsWith("unix://")) {
    return await Deno.connect({ transport: "unix", path: host.slice("unix://".length) });
  }
  const url = new URL(host);
  return await Deno.connect({
    hostname: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || 2375),
  });
}

/** Reads into blocks that are never written to again, so that what was read may be kept. */
class BlockReader {
  readonly #connection: Deno.Conn;
  #block = new Uint8Array(BLOCK_BYTES.least);
  #used = 0;
  #lastRead = 0;

  constructor(connection: Deno.Conn) {
    this.#connection = connection;
  }

  /** What has arrived, at least a byte; null at the end. */
  async read(): Promise<Uint8Array | null> {
    if (this.#block.length - this.#used < this.#block.length / READS_PER_BLOCK) {
      const wanted = Math.max(this.#lastRead * READS_PER_BLOCK, BLOCK_BYTES.least);
      this.#block = new Uint8Array(Math.min(wanted, BLOCK_BYTES.most));
      this.#used = 0;
    }
    const count = await this.#connection.read(this.#block.subarray(this.#used));
    if (count === null) return null;
    this.#used += count;
    this.#lastRead = count;
    return this.#block.subarray(this.#used - count, this.#used);
  }
}

async function writeAll(connection: Deno.Conn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}

/** The status, and what came of the body together with the head. @throws {Error} if this is no HTTP. */
async function readHead(reader: BlockReader): Promise<{ status: number; rest: Uint8Array }> {
  const latin1 = new TextDecoder("latin1");
  for (let head = new Uint8Array(); head.length < LONGEST_HEAD;) {
    const bytes = await reader.read();
    if (bytes === null) break;
    head = Uint8Array.from([...head, ...bytes]);
    const text = latin1.decode(head);
    const end = text.indexOf(HEAD_END);
    if (end < 0) continue;
    const status = /^HTTP\/1\.\d (\d{3})/.exec(text)?.[1];
    if (status === undefined) break;
    return { status: Number(status), rest: head.subarray(end + HEAD_END.length) };
  }
  throw new Error("Cannot read the answer: connection closed before the end of its head");
}

/** What the Engine says is wrong. */
async function readMessage(reader: BlockReader, rest: Uint8Array): Promise<string> {
  const decoder = new TextDecoder();
  let body = decoder.decode(rest, { stream: true });
  for (let bytes = await reader.read(); bytes !== null; bytes = await reader.read()) {
    body += decoder.decode(bytes, { stream: true });
  }
  try {
    return String(JSON.parse(body).message);
  } catch {
    return body;
  }
}

function bodyStream(reader: BlockReader, first: Uint8Array, close: () => void): Readable {
  let waiting: Uint8Array | null = first.length > 0 ? first : null;
  return new Readable({
    highWaterMark: BLOCK_BYTES.most,
    async read() {
      try {
        const bytes = waiting ?? await reader.read();
        waiting = null;
        this.push(bytes);
      } catch (error) {
        this.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    },
    destroy(error, done) {
      close();
      done(error);
    },
  });
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch { /* it is closed */ }
}
