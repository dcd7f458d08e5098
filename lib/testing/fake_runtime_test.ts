import { describeRuntime } from "../runtime/runtime_suite.ts";
import { FakeRuntime } from "./fake_runtime.ts";

describeRuntime("fake", () => {
  const runtime = new FakeRuntime();
  const create = (name: string) => Promise.resolve(runtime.create(name));
  return Promise.resolve({ runtime, create, [Symbol.asyncDispose]: () => Promise.resolve() });
}, { streams: true });
