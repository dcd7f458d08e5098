import { identify } from "../job/identity.ts";
import { type LifeState, statesOfLife } from "../job/life.ts";
import type { ContainerFacts, Fragment } from "../runtime/runtime.ts";
import type { LabContainer } from "../runtime/runtime_suite.ts";
import type { FakeRuntime } from "./fake_runtime.ts";

/** A container in memory, as {@link FakeRuntime} makes it. */
export class FakeContainer implements LabContainer {
  readonly log: Fragment[] = [];
  phase: ContainerFacts["phase"] = "waiting";
  readonly #runtime: FakeRuntime;
  readonly #created: string;
  readonly #open = new Map<string, string>();
  #startedAt: string | undefined;
  #finishedAt: string | undefined;
  #exitCode = 0;

  constructor(runtime: FakeRuntime, readonly name: string, readonly id: string) {
    this.#runtime = runtime;
    this.#created = runtime.tick();
  }

  start(): Promise<void> {
    this.#startedAt = this.#runtime.tick();
    this.phase = "running";
    return this.#happened();
  }

  write(stream: "stdout" | "stderr", text: string): Promise<void> {
    for (const part of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
      const whole = (this.#open.get(stream) ?? "") + part;
      if (!whole.endsWith("\n")) this.#open.set(stream, whole);
      else this.#store(stream, whole.slice(0, -1), true);
    }
    return this.#happened();
  }

  end(exitCode: number): Promise<void> {
    for (const [stream, text] of this.#open) this.#store(stream as "stdout" | "stderr", text, false);
    this.#exitCode = exitCode;
    this.#finishedAt = this.#runtime.tick();
    this.phase = "ended";
    return this.#happened();
  }

  remove(): Promise<void> {
    this.#runtime.containers.delete(this.id);
    return this.#happened();
  }

  facts(): ContainerFacts {
    return {
      id: this.id,
      name: this.name,
      identity: identify(this.name, {}, ""),
      source: "docker",
      image: "fake",
      cmd: "",
      createdAt: this.#created,
      phase: this.phase,
      endedAt: this.phase === "ended" ? this.#finishedAt ?? null : null,
      life: this.#life(),
    };
  }

  #life(): LifeState[] {
    const Running = this.phase === "running";
    const Status = { waiting: "created", running: "running", ended: "exited" }[this.phase];
    const times = { StartedAt: this.#startedAt ?? "", FinishedAt: this.#finishedAt ?? "" };
    return statesOfLife({
      Created: this.#created,
      State: { Status, Running, ExitCode: this.#exitCode, ...times },
    });
  }

  #store(stream: "stdout" | "stderr", text: string, newline: boolean): void {
    this.#open.delete(stream);
    this.log.push({ stream, time: this.#runtime.tick(), bytes: new TextEncoder().encode(text), newline });
  }

  #happened(): Promise<void> {
    this.#runtime.notify(this.id);
    return Promise.resolve();
  }
}
