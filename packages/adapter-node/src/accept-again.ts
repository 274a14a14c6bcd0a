// Deno's node:net after an accept that failed, as it does when file descriptors have run out. Deno 2.9.5 says nothing
// of it and accepts nobody any more, also when there are descriptors again: who connects waits for ever. Told to listen
// once more, the socket goes on where it was; the system only hears its backlog again. The pipe of a unix socket would
// end.

import type { Server } from "node:net";
import process from "node:process";
import type { Endpoint, ListenOptions } from "@memwire/engine";

/** A second late is early enough for who was not accepted, and costs nothing that could be measured. */
const ACCEPT_RETRY_MS = 1_000;

/** What Node and Deno take if nothing is said. */
const BACKLOG = 511;

/** From now on a server goes on accepting. `_handle` is undocumented. @returns what ends that */
export function acceptAgain(
  server: Server,
  endpoint: Endpoint,
  { backlog = BACKLOG }: ListenOptions,
): () => void {
  if (!("deno" in process.versions) || endpoint.kind === "unix") return () => {};
  const timer = setInterval(() => {
    const { _handle: handle } = server as { _handle?: { listen?: (backlog: number) => unknown } };
    handle?.listen?.(backlog);
  }, ACCEPT_RETRY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
