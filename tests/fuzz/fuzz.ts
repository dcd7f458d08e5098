/**
 * Requests made up from a service's OpenAPI document, sent to it, and every answer compared with the document.
 *
 * @module
 */
import fc from "fast-check";
import { AnswerCheck } from "./answers.ts";
import { intrusion } from "./credentials.ts";
import { isPathOf, type Operation, operationsOf, wrongMethodsOf } from "./document.ts";
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
  /** Longest wait for an answer to begin (ms). @default what the slowest legal request may take */
  readonly answerMs?: number;
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
  const wrongMethods = wrongMethodsOf(document);
  const check = new AnswerCheck(document);
  using sender = new Sender(origin, options.answerMs);
  const answers = new Map<string, number>();
  let requests = 0;
  /** What is under way: when the time is over, what it comes to counts as well. */
  let last: { readonly request: FuzzRequest; readonly outcome: Promise<void> } | null = null;
  const property = fc.asyncProperty(
    fc.oneof(
      { weight: 8, arbitrary: requestsForAny(operations.filter(({ method }) => method !== "HEAD")) },
      { weight: 1, arbitrary: requestsForAny(operations.filter(({ method }) => method === "HEAD")) },
      { weight: 1, arbitrary: requestsForAny(wrongMethods) },
    ),
    (request) => {
      const outcome = attack(request);
      last = { request, outcome };
      return outcome;
    },
  );
  async function attack(request: FuzzRequest): Promise<void> {
    const answer = await sender.send(request);
    const { method, path } = request.operation;
    const key = `${method} ${path} ${answer.status}`;
    answers.set(key, (answers.get(key) ?? 0) + 1);
    options.onRequest?.(++requests);
    const asked = operationOf(request, operations) ?? operationOf(request, wrongMethods);
    if (!asked) {
      if (answer.status >= 500) throw new Error(`answer ${answer.status}: ${answer.body.slice(0, 300)}`);
      return;
    }
    const intruder = known.credentials.length === 0
      ? null
      : intrusion({ ...request, operation: asked }, answer.status, known.credentials);
    const fault = intruder ?? check.fault(asked, answer);
    if (fault) throw new Error(fault);
  }
  function requestsForAny(some: readonly Operation[]): fc.Arbitrary<FuzzRequest> {
    return fc.oneof(...some.map((operation) => requestsFor(document, operation, known)));
  }
  const details = await fc.check(property, {
    seed,
    numRuns: Number.MAX_SAFE_INTEGER,
    interruptAfterTimeLimit: durationMs,
    markInterruptAsFailure: false,
  });
  const found = details.counterexample
    ? { request: details.counterexample[0], fault: details.errorInstance }
    : await faultOf(last);
  return {
    requests,
    answers,
    failure: found && {
      request: asCommand(origin, found.request),
      fault: found.fault instanceof Error ? found.fault.message : String(found.fault),
    },
  };
}

/** What comes out wrong of a request that is under way, if anything. */
async function faultOf(
  sent: { readonly request: FuzzRequest; readonly outcome: Promise<void> } | null,
): Promise<{ readonly request: FuzzRequest; readonly fault: unknown } | null> {
  try {
    await sent?.outcome;
    return null;
  } catch (fault) {
    return sent && { request: sent.request, fault };
  }
}

/** What a request turned out to ask for, as hostile names may change the path; undefined: nothing that there is. */
function operationOf(
  { operation, target }: FuzzRequest,
  operations: readonly Operation[],
): Operation | undefined {
  return operations.filter((one) => one.method === operation.method && isPathOf(one, target))
    // Names that are written out go before those that stand for anything.
    .sort((one, other) => one.path.split("{").length - other.path.split("{").length)[0];
}

/** The request as a command line that sends it again. */
function asCommand(origin: string, { operation, target, headers, body }: FuzzRequest): string {
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
