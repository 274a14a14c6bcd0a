// Network, clock and HTTP of the runtime at hand, on its native sockets and servers unless it is asked for others.
//
// Each adapter is imported only where it belongs, so no runtime ever loads another one's module.

import type { Clock, Network } from "@memwire/engine";
import type { ServeHttp } from "./http.ts";

/** Whose sockets connections are on, on Deno: its own, or those of its `node:net`. */
export type DenoSockets = (typeof denoSocketKinds)[number];

export const denoSocketKinds = ["node", "deno"] as const;

/** Whose sockets connections are on, on Bun: its own, or those of the system's io_uring. */
export type BunSockets = (typeof bunSocketKinds)[number];

export const bunSocketKinds = ["bun", "io_uring"] as const;

export interface AdapterOptions {
  /**
   * Default: `bun`. With `io_uring`, which Linux has from 6.1 on, a system call serves all connections of a turn at once;
   * TLS, unix sockets, datagrams and connects to a host by name stay on Bun's own. Nothing on Node and Deno.
   */
  readonly bunSockets?: BunSockets | undefined;
  /**
   * Default: `deno`. What stands between many clients and many servers takes less CPU with `node`. Nothing on Node and
   * Bun, and HTTP is by `Deno.serve` in any case.
   */
  readonly denoSockets?: DenoSockets | undefined;
}

export interface Adapter {
  readonly runtime: "node" | "bun" | "deno";
  /** The runtime for people, and whose sockets it uses, unless those are its own. */
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
 * @throws RangeError if `bunSockets` or `denoSockets` is none of theirs, on whichever runtime; Error where Bun is to use
 *   io_uring and the system does not have it, or does not allow it
 */
export async function openAdapter(options: AdapterOptions = {}): Promise<Adapter> {
  const { bunSockets = "bun", denoSockets = "deno" } = options;
  checkKind("bunSockets", bunSockets, bunSocketKinds);
  checkKind("denoSockets", denoSockets, denoSocketKinds);
  // Bun and Deno both have a `process` that looks like Node's: they are asked for first.
  const runtime = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno" : "node";
  const loaded = await load(runtime, bunSockets, denoSockets);
  const { network, clock, copyBytes, serveHttp, httpClock = clock, Response = globalThis.Response } = loaded;
  const { openLargePages = async () => undefined } = loaded;
  const title = titleOf(runtime, bunSockets, denoSockets);
  return { runtime, title, network, clock, copyBytes, openLargePages, serveHttp, httpClock, Response };
}

type Loaded = Pick<Adapter, "network" | "clock" | "serveHttp"> &
  Partial<Pick<Adapter, "copyBytes" | "openLargePages" | "httpClock" | "Response">>;

function checkKind(name: string, kind: string, kinds: readonly string[]): void {
  if (kinds.includes(kind)) return;
  throw new RangeError(`${name} must be one of ${kinds.join(", ")}, got ${JSON.stringify(kind)}`);
}

function titleOf(runtime: Adapter["runtime"], bunSockets: BunSockets, denoSockets: DenoSockets): string {
  if (runtime === "bun" && bunSockets === "io_uring") return "bun over io_uring";
  if (runtime === "deno" && denoSockets === "node") return "deno over node:net";
  return runtime;
}

function load(
  runtime: Adapter["runtime"],
  bunSockets: BunSockets,
  denoSockets: DenoSockets,
): Promise<Loaded> {
  switch (runtime) {
    case "bun":
      return loadBun(bunSockets);
    case "deno":
      return loadDeno(denoSockets);
    case "node":
      return import("@memwire/adapter-node");
  }
}

async function loadBun(sockets: BunSockets): Promise<Loaded> {
  const { openRing, ...own } = await import("@memwire/adapter-bun");
  if (sockets === "bun") return own;
  const ring = await openRing();
  if (ring !== undefined) return { ...own, ...ring };
  throw new Error("bunSockets must be bun here: this system has no io_uring, or does not allow it");
}

async function loadDeno(sockets: DenoSockets): Promise<Loaded> {
  const { nodeNetwork, nodeClock, ...own } = await import("@memwire/adapter-deno");
  return sockets === "node" ? { ...own, network: nodeNetwork, clock: nodeClock } : own;
}
