/**
 * Requests made up from a service's OpenAPI document, sent to it, and every answer compared with the document.
 *
 * @module
 */
import fc from "fast-check";
import { AnswerCheck } from "./answers.ts";
import { intrusion } from "./credentials.ts";
import { operationsOf } from "./document.ts";
import { type FuzzRequest, type Known, requestsFor } from "./requests.ts";
import { Sender } from "./send.ts";

/** What is attacked, and for how long. */
export interface FuzzOptions {
  /** `http://host:port` of the service. */
  readonly origin: string;
  readonly known: Known;
  /** All chance comes from it (whole number of 32 bits). */
  readonly seed: number;
  readonly durationMs: number;
  /** Told after each request. */
  readonly onRequest?: (count: number) => void;
}

/** What came out. */
export interface FuzzReport {
  readonly requests: number;
  /** How often each operation gave each status: `GET /health 200`. */
  readonly answers: ReadonlyMap<string, number>;
  /** The smallest request found whose answer is wrong, and what is wrong; null if there is none. */
  readonly failure: { readonly request: string; readonly fault: string } | null;
}

/** Attacks until the time is over or an answer is wrong. @throws {Error} if there is no document to begin with. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { origin, known, seed, durationMs } = options;
  const document = await (await fetch(`${origin}/openapi.json`)).json();
  const operations = operationsOf(document);
  if (operations.length === 0) throw new Error(`Cannot attack ${origin}: its document names no operation`);
  const check = new AnswerCheck(document);
  using sender = new Sender(origin);
  const answers = new Map<string, number>();
  let requests = 0;
  const property = fc.asyncProperty(
    fc.oneof(...operations.map((operation) => requestsFor(document, operation, known))),
    async (request) => {
      const answer = await sender.send(request);
      const { method, path } = request.operation;
      const key = `${method} ${path} ${answer.status}`;
      answers.set(key, (answers.get(key) ?? 0) + 1);
      options.onRequest?.(++requests);
      const isStranger = answer.status === 404 && !isPathOf(request);
      const intruder = known.credentials.length === 0 || isStranger || !isPathOf(request)
        ? null
        : intrusion(request, answer.status, known.credentials);
      const fault = intruder ?? (isStranger ? null : check.fault(request.operation, answer));
      if (fault) throw new Error(fault);
    },
  );
  const details = await fc.check(property, {
    seed,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: durationMs,
    markInterruptAsFailure: false,
  });
  const [failing] = details.counterexample ?? [];
  const fault = details.errorInstance;
  return {
    requests,
    answers,
    failure: failing === undefined ? null : {
      request: asCommand(origin, failing),
      fault: fault instanceof Error ? fault.message : String(fault),
    },
  };
}

/** Whether the path is one of the operation's: what stands for a name may have added or taken away slashes. */
function isPathOf({ operation, target }: FuzzRequest): boolean {
  const path = (target.split("?")[0] ?? "").split("/");
  const template = operation.path.split("/");
  return path.length === template.length &&
    path.every((part, at) =>
      part !== "." && part !== ".." && (template[at]?.startsWith("{") || template[at] === part)
    );
}

/** The request as a command line that sends it again. */
export function asCommand(origin: string, { operation, target, headers, body }: FuzzRequest): string {
  const parts = ["curl", "--path-as-is", "-i", "-X", operation.method];
  for (const [name, value] of Object.entries(headers)) parts.push("-H", quoted(`${name}: ${value}`));
  if (body !== null) {
    parts.push("--data-binary", quoted(body.length > 2_000 ? `${body.slice(0, 2_000)}…` : body));
  }
  return [...parts, quoted(origin + target)].join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
