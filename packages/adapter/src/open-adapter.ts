// Network, clock and HTTP of the runtime at hand, on its native sockets and servers.
//
// Each adapter is imported only where it belongs, so no runtime ever loads another one's module.

import type { Clock, Network } from "@memwire/engine";
import type { ServeHttp } from "./http.ts";

export interface Adapter {
  readonly runtime: "node" | "bun" | "deno";
  readonly network: Network;
  readonly clock: Clock;
  /**
   * Copies `source[start]` to `source[end - 1]` to `into[at]` and on, faster than `set` with a view; `undefined` where
   * the runtime has nothing faster.
   */
  readonly copyBytes:
    | ((source: Uint8Array, start: number, end: number, into: Uint8Array, at: number) => void)
    | undefined;
  readonly serveHttp: ServeHttp;
  /**
   * For engines that are asked by HTTP handlers: `clock`, but on Deno, where the requests of a turn come one by one.
   */
  readonly httpClock: Clock;
  /**
   * The `Response` that `serveHttp` answers at the least cost, to be used in place of the global one. On Node it is
   * not the global one, which costs as much as all the rest of a small answer.
   */
  readonly Response: typeof globalThis.Response;
}

/** The adapter for the runtime this runs on. Node's is taken where none of the three is recognised. */
export async function openAdapter(): Promise<Adapter> {
  // Bun and Deno both have a `process` that looks like Node's: they are asked for first.
  const runtime = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";
  const loaded = await load(runtime);
  const { network, clock, copyBytes, serveHttp, httpClock = clock, Response = globalThis.Response } = loaded;
  return { runtime, network, clock, copyBytes, serveHttp, httpClock, Response };
}

type Loaded = Pick<Adapter, "network" | "clock" | "serveHttp"> &
  Partial<Pick<Adapter, "copyBytes" | "httpClock" | "Response">>;

function load(runtime: Adapter["runtime"]): Promise<Loaded> {
  switch (runtime) {
    case "bun":
      return import("@memwire/adapter-bun");
    case "deno":
      return import("@memwire/adapter-deno");
    case "node":
      return import("@memwire/adapter-node");
  }
}
