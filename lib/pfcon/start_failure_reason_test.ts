import { assertEquals } from "@std/assert";
import { startFailureReason } from "./start_failure_reason.ts";

const IMAGE_PULL = [
  `404 Client Error for http+docker://localhost/v1.41/images/create?tag=1&fromImage=x/y: Not Found ("…")`,
  `Get "https://registry.example/v2/": dial tcp: lookup registry.example on 10.0.0.1:53: no such host`,
  "No such image: example/nope:1",
  "pull access denied for example/nope, repository does not exist or may require 'docker login'",
  "manifest for busybox:9 not found: manifest unknown: manifest unknown",
  "invalid reference format: repository name must be lowercase",
  "toomanyrequests: You have reached your pull rate limit.",
  `Cannot pull image "x/y:1": connection reset`,
];

const START_FAILED = [
  `OCI runtime create failed: runc create failed: exec: "nosuchprog": executable file not found in $PATH: unknown`,
  `OCI runtime create failed: exec: "/images/create": stat /images/create: no such file or directory: unknown`,
  `Conflict. The container name "/a" is already in use by container "140e".`,
  "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available",
  "Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
  "No such container: a",
  "Internal Server Error",
  "",
];

for (const text of IMAGE_PULL) {
  Deno.test(`startFailureReason() reads "${text.slice(0, 60)}" as a failed image pull`, () => {
    assertEquals(startFailureReason(text), "image-pull");
  });
}

for (const text of START_FAILED) {
  Deno.test(`startFailureReason() reads "${text.slice(0, 60)}" as a failed start`, () => {
    assertEquals(startFailureReason(text), "start-failed");
  });
}
