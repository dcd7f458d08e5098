import { assertEquals } from "@std/assert";
import { isOfForeignPage, type Provenance } from "./foreign_page.ts";

const listed = new Set(["https://friend.example"]);
const own = { hosts: ["chris.example:8443"], method: "POST", site: undefined, origin: undefined };
const isForeign = (told: Partial<Provenance>) => isOfForeignPage({ ...own, ...told }, listed);

Deno.test("G12 isOfForeignPage() tells pages of other origins by what browsers say of them", () => {
  const foreign: Partial<Provenance>[] = [
    { origin: "https://evil.example" },
    { origin: "https://evil.example", method: "GET" },
    { origin: "https://chris.example" },
    { origin: "https://chris.example:8443.evil.example" },
    { origin: "null" },
    { origin: "https://friend.example.evil.example" },
    { origin: "https://evil.example", site: "cross-site" },
    { site: "cross-site" },
    { site: "same-site" },
    { site: "none" },
  ];
  assertEquals(foreign.filter((told) => !isForeign(told)), []);
});

Deno.test("G12 isOfForeignPage() lets in our page, listed ones, programs, and links from anywhere", () => {
  const welcome: Partial<Provenance>[] = [
    {},
    { origin: "https://chris.example:8443" },
    { origin: "https://chris.example:8443", site: "same-origin" },
    { origin: "https://public.example", site: "same-origin" },
    { origin: "https://friend.example", site: "cross-site" },
    { site: "same-origin" },
    { method: "GET", site: "cross-site" },
    { method: "HEAD", site: "none" },
  ];
  assertEquals(welcome.filter(isForeign), []);
});
