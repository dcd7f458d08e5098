import { describeRuntime } from "lib/runtime/runtime_suite.ts";
import { openDockerLab } from "lib/testing/docker_lab.ts";
import { NO_DOCKER } from "lib/testing/test_containers.ts";

describeRuntime("docker", openDockerLab, { streams: true, ignore: NO_DOCKER });
describeRuntime("docker with log files", () => openDockerLab({ fromFiles: true }), {
  streams: true,
  ignore: NO_DOCKER || Deno.uid() !== 0,
});
