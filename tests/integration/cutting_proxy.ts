/**
 * A TCP proxy before a service that cuts its first connections after so many bytes of the answer each, wherever in
 * an event that is, and lets later ones through.
 */
export function cuttingProxy(target: string, cutAfter: readonly number[]) {
  const { hostname, port } = new URL(target);
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const left = [...cutAfter];
  const open = new Set<Deno.Conn>();
  let cuts = 0;
  const running = (async () => {
    for await (const client of listener) {
      const server = await Deno.connect({ hostname, port: Number(port) });
      const ends = [client, server];
      ends.forEach((end) => open.add(end));
      const close = () => ends.forEach((end) => closeQuietly(end));
      client.readable.pipeTo(server.writable).catch(() => {}).finally(close);
      server.readable.pipeThrough(atMost(left.shift() ?? Infinity, () => cuts++)).pipeTo(client.writable)
        .catch(() => {})
        .finally(close);
    }
  })().catch(() => {});
  return {
    url: `http://127.0.0.1:${listener.addr.port}`,
    /** Connections cut so far. */
    cuts: () => cuts,
    async [Symbol.asyncDispose](): Promise<void> {
      listener.close();
      for (const end of open) closeQuietly(end);
      await running;
    },
  };
}

/** Lets so many bytes through and ends then. */
function atMost(bytes: number, onCut: () => void): TransformStream<Uint8Array, Uint8Array> {
  let left = bytes;
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk.subarray(0, left));
      left -= chunk.length;
      if (left >= 0) return;
      onCut();
      controller.terminate();
    },
  });
}

function closeQuietly(end: Deno.Conn): void {
  try {
    end.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
