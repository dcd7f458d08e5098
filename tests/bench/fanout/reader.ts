/**
 * The readers' process: connects many clients, counts the events that each gets, and tells the delay of some of
 * them. Does what the plan in its argument says, until its standard input ends.
 *
 * Prints a report as a line of JSON at intervals, the last one with the delays.
 *
 * @module
 */
import { countEvents } from "./event_counter.ts";
import { sentTimes } from "./sent_times.ts";
import { Sockets } from "./sockets.ts";

/** What the process is to do. */
export interface ReaderPlan {
  readonly port: number;
  /** Requests of the clients, in turn: client `i` sends number `i mod length`. */
  readonly requests: readonly string[];
  readonly clients: number;
}

/** What it tells. */
export interface ReaderReport {
  /** When (ms since 1970). */
  readonly at: number;
  /** Clients that have their answer, and those whose stream ended. */
  readonly open: number;
  readonly closed: number;
  /** Events (comments too), of all clients together and of the client that has least. */
  readonly events: number;
  readonly slowest: number;
  /** Delays (ms) of what the sampled clients got; at the end only. */
  readonly delays?: readonly number[];
}

/** At most so many connections wait for their answer at a time, so that no listen queue overflows. */
const UNANSWERED = 200;
/** So many clients, evenly spread, tell delays. */
const SAMPLED = 50;
const REPORT_MS = 5;

/** What is known of one client. */
interface Client {
  readonly fd: number;
  readonly sampled: boolean;
  /** What came of the answer's head; null once it is over. */
  head: string | null;
  /** Whether the last byte so far was a newline. */
  newline: boolean;
  events: number;
  /** End of what a sampled client got, in which a mark may have begun. */
  rest: string;
}

class Reader {
  readonly #plan: ReaderPlan;
  readonly #requests: readonly Uint8Array<ArrayBuffer>[];
  readonly #sockets = new Sockets();
  readonly #clients = new Map<number, Client>();
  readonly #buffer = new Uint8Array(1 << 18);
  readonly #decoder = new TextDecoder("latin1");
  readonly #delays: number[] = [];
  #connected = 0;
  #open = 0;
  #closed = 0;
  #events = 0;
  #running = true;

  constructor(plan: ReaderPlan) {
    this.#plan = plan;
    this.#requests = plan.requests.map((request) => new TextEncoder().encode(request));
  }

  run(): void {
    this.#sockets.watch(STDIN);
    const visit = (fd: number) => this.#read(fd);
    for (let reportAt = 0; this.#running;) {
      while (this.#connected < this.#plan.clients && this.#connected - this.#open < UNANSWERED) {
        this.#connect();
      }
      this.#sockets.wait(Math.max(1, Math.ceil(reportAt - performance.now())), visit);
      if (performance.now() < reportAt) continue;
      print(this.#report());
      reportAt = performance.now() + REPORT_MS;
    }
    print({ ...this.#report(), delays: this.#delays });
  }

  #connect(): void {
    const fd = this.#sockets.connect(this.#plan.port);
    const every = Math.ceil(this.#plan.clients / SAMPLED);
    const sampled = this.#connected % every === 0;
    this.#clients.set(fd, { fd, sampled, head: "", newline: false, events: 0, rest: "" });
    this.#sockets.send(fd, this.#requests[this.#connected % this.#requests.length] ?? new Uint8Array());
    this.#sockets.watch(fd);
    this.#connected++;
  }

  #read(fd: number): void {
    if (fd === STDIN) {
      this.#running = (Deno.stdin.readSync(this.#buffer) ?? 0) > 0;
      return;
    }
    const client = this.#clients.get(fd);
    if (!client) return;
    const length = this.#sockets.receive(fd, this.#buffer);
    if (length < 0) return;
    if (length === 0) this.#end(client);
    else if (client.head === null) this.#take(client, this.#buffer, length);
    else this.#readHead(client, length);
  }

  #end(client: Client): void {
    if (client.head !== null) throw new Error("Cannot read events: the connection ended without an answer");
    this.#clients.delete(client.fd);
    this.#sockets.close(client.fd);
    this.#closed++;
  }

  #readHead(client: Client, length: number): void {
    const text = client.head + this.#decoder.decode(this.#buffer.subarray(0, length));
    client.head = text;
    const over = text.indexOf("\r\n\r\n");
    if (over < 0) return;
    if (!text.startsWith("HTTP/1.1 200 ")) {
      throw new Error(`Cannot read events: the answer is ${text.slice(0, 300)}`);
    }
    client.head = null;
    this.#open++;
    const body = Uint8Array.from(text.slice(over + 4), (char) => char.charCodeAt(0));
    this.#take(client, body, body.length);
  }

  #take(client: Client, bytes: Uint8Array, length: number): void {
    if (length === 0) return;
    const count = countEvents(bytes, length, client.newline);
    client.newline = bytes[length - 1] === NEWLINE;
    client.events += count;
    this.#events += count;
    if (!client.sampled) return;
    const now = performance.timeOrigin + performance.now();
    const { times, rest } = sentTimes(client.rest + this.#decoder.decode(bytes.subarray(0, length)));
    client.rest = rest;
    for (const time of times) this.#delays.push(now - time);
  }

  #report(): ReaderReport {
    let slowest = this.#clients.size ? Infinity : 0;
    for (const { events } of this.#clients.values()) slowest = Math.min(slowest, events);
    const at = performance.timeOrigin + performance.now();
    return { at, open: this.#open, closed: this.#closed, events: this.#events, slowest };
  }
}

const STDIN = 0;
const NEWLINE = 10;

/** On standard output, at once and whole. */
function print(report: ReaderReport): void {
  const line = new TextEncoder().encode(`${JSON.stringify(report)}\n`);
  for (let written = 0; written < line.length;) written += Deno.stdout.writeSync(line.subarray(written));
}

if (import.meta.main) new Reader(JSON.parse(Deno.args[0] ?? "")).run();
