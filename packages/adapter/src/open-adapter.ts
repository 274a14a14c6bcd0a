// Network, clock and HTTP of the runtime at hand, on its native sockets and servers unless it is asked for others.
//
// Each adapter is imported only where it belongs, so no runtime ever loads another one's module.

import type { Clock, Network } from "@memwire/engine";
import type { ServeHttp } from "./http.ts";

/** Whose sockets connections are on, on Deno: its own, or those of its `node:net`. */
export type DenoSockets = (typeof denoSocketKinds)[number];

export const denoSocketKinds = ["node", "deno"] as const;

export interface AdapterOptions {
  /**
   * Default: `deno`. What stands between many clients and many servers takes less CPU with `node`. Nothing on Node and
   * Bun, and HTTP is by `Deno.serve` in any case.
   */
  readonly denoSockets?: DenoSockets | undefined;
}

export interface Adapter {
  readonly runtime: "node" | "bun" | "deno";
  /** The runtime for people, and on Deno whose sockets it uses, unless those are its own. */
  readonly title: string;
  readonly network: Network;
  readonly clock: Clock;
  /**
   * Copies `source[start]` to `source[end - 1]` to `into[at]` and on, faster than `set` with a view; `undefined` where
   * the runtime has nothing faster.
   */
  readonly copyBytes:
    | ((source: Uint8Array, start: number, end: number, into: Uint8Array, at: number) => void)
    | undefined;
  /**
   * What asks the system for pages of 2 MiB in a memory, which is best not written to yet; `undefined` where there is
   * no way. It answers whether the system agreed. Only Bun can ask, on Linux; the memory of the others is asked for by the C library, if GLIBC_TUNABLES says so.
   */
  readonly openLargePages: () => Promise<((memory: ArrayBufferLike) => boolean) | undefined>;
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

/**
 * The adapter for the runtime this runs on. Node's is taken where none of the three is recognised.
 *
 * @throws RangeError if `denoSockets` is neither, on whichever runtime
 */
export async function openAdapter({ denoSockets = "deno" }: AdapterOptions = {}): Promise<Adapter> {
  if (!denoSocketKinds.includes(denoSockets)) {
    const words = denoSocketKinds.join(", ");
    throw new RangeError(`denoSockets must be one of ${words}, got ${JSON.stringify(denoSockets)}`);
  }
  // Bun and Deno both have a `process` that looks like Node's: they are asked for first.
  const runtime = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";
  const loaded = await load(runtime, denoSockets);
  const { network, clock, copyBytes, serveHttp, httpClock = clock, Response = globalThis.Response } = loaded;
  const { openLargePages = async () => undefined } = loaded;
  const title = runtime === "deno" && denoSockets === "node" ? "deno over node:net" : runtime;
  return { runtime, title, network, clock, copyBytes, openLargePages, serveHttp, httpClock, Response };
}

type Loaded = Pick<Adapter, "network" | "clock" | "serveHttp"> &
  Partial<Pick<Adapter, "copyBytes" | "openLargePages" | "httpClock" | "Response">>;

function load(runtime: Adapter["runtime"], denoSockets: DenoSockets): Promise<Loaded> {
  switch (runtime) {
    case "bun":
      return import("@memwire/adapter-bun");
    case "deno":
      return loadDeno(denoSockets);
    case "node":
      return import("@memwire/adapter-node");
  }
}

async function loadDeno(sockets: DenoSockets): Promise<Loaded> {
  const { nodeNetwork, nodeClock, ...own } = await import("@memwire/adapter-deno");
  return sockets === "node" ? { ...own, network: nodeNetwork, clock: nodeClock } : own;
}
