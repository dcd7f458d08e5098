import { assertEquals } from "@std/assert";
import { composeImage } from "./container_service.ts";

const COMPOSE = `
x-common: &common
  image: ours
services:
  redis:
    image: redis:7.4-alpine # kept in step
  postgres:
    command: [postgres]
    image: "\${POSTGRES_IMAGE:-postgres:16}"
  worker:
    build: .
volumes:
  redis:
`;

Deno.test("composeImage() reads the image of one service, with its default", () => {
  assertEquals(composeImage(COMPOSE, "redis"), "redis:7.4-alpine");
  assertEquals(composeImage(COMPOSE, "postgres"), "postgres:16");
});

Deno.test("composeImage() finds none where the service has none or is not there", () => {
  assertEquals(composeImage(COMPOSE, "worker"), null);
  assertEquals(composeImage(COMPOSE, "quickwit"), null);
  assertEquals(composeImage("", "redis"), null);
});
