/**
 * A root file system that fits in one program: a static busybox and links to it.
 *
 * @module
 */
import { findBinary } from "./services/find_binary.ts";
import type { TarEntry } from "./tar_archive.ts";

/** Where a busybox is that needs no libraries, or null. */
export async function findStaticBusybox(): Promise<string | null> {
  const path = await findBinary("busybox", { folders: ["/bin"] });
  return path && isStatic(await Deno.readFile(path)) ? path : null;
}

/** The entries of the root file system: every command the busybox at `path` knows, and folders to work in. */
export async function busyboxRoot(path: string): Promise<TarEntry[]> {
  const { stdout } = await new Deno.Command(path, { args: ["--list"] }).output();
  const commands = new TextDecoder().decode(stdout).split("\n").filter((name) =>
    /^[a-z0-9_.[-]+$/.test(name)
  );
  const directory = (name: string, mode = 0o755): TarEntry => ({ path: name, mode, directory: true });
  const text = (name: string, content: string): TarEntry => ({
    path: name,
    content: new TextEncoder().encode(content),
  });
  return [
    ...["bin", "dev", "etc", "proc", "root", "share", "share/incoming", "sys", "usr"].map((name) =>
      directory(name)
    ),
    directory("share/outgoing", 0o777),
    directory("tmp", 0o1777),
    { path: "usr/bin", link: "../bin" },
    text("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n"),
    text("etc/group", "root:x:0:\nnogroup:x:65534:\n"),
    { path: "bin/busybox", mode: 0o755, content: await Deno.readFile(path) },
    ...commands.filter((name) => name !== "busybox").map((name) => ({
      path: `bin/${name}`,
      link: "busybox",
    })),
  ];
}

/** Whether a 64-bit ELF program asks for no loader (it has no PT_INTERP header), so runs in an empty root. */
export function isStatic(program: Uint8Array): boolean {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  if (program.length < 64 || view.getUint32(0) !== 0x7f454c46 || program[4] !== 2) return false;
  const little = program[5] === 1;
  const start = Number(view.getBigUint64(32, little));
  const size = view.getUint16(54, little);
  const count = view.getUint16(56, little);
  for (let at = start; at < start + count * size; at += size) {
    if (at + 4 > program.length || view.getUint32(at, little) === PT_INTERP) return false;
  }
  return true;
}

const PT_INTERP = 3;
