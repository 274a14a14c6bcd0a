// What every adapter does around its runtime's own bind: looks at the options, clears a unix socket's path, and says
// clearly why not.

import type { Endpoint, ListenOptions, Network } from "./contract.ts";
import type { DatagramAddress } from "./datagrams.ts";
import { causeOf, describeEndpoint } from "./endpoint.ts";

/** The part of a file system that unix sockets need. */
export interface SocketFiles {
  /** What is at a path now. */
  kindOf(path: string): Promise<"nothing" | "socket" | "other">;
  /** Removes what is at a path; nothing there is fine. */
  remove(path: string): Promise<void>;
}

/**
 * Listens by `bind`. A unix socket that nobody listens behind, left by a process that died, is replaced; one that
 * is alive, or a file that is no socket, is not.
 *
 * @throws Error `cannot listen on <endpoint>: <reason>`, with what the runtime threw as its `cause`
 */
export async function listenBy<T>(
  bind: () => T | Promise<T>,
  endpoint: Endpoint,
  network: Network,
  files: SocketFiles,
  options: ListenOptions = {},
): Promise<T> {
  try {
    checkListenOptions(endpoint, options);
    if (endpoint.kind === "unix") await clear(endpoint.path, network, files);
    return await bind();
  } catch (cause) {
    throw new Error(`cannot listen on ${describeEndpoint(endpoint)}: ${reasonOf(cause)}`, { cause });
  }
}

/**
 * Waits for datagrams by `bind`.
 *
 * @throws Error `cannot bind udp <host>:<port>: <reason>`, with what the runtime threw as its `cause`
 */
export async function bindBy<T>(bind: () => T | Promise<T>, address: DatagramAddress): Promise<T> {
  try {
    return await bind();
  } catch (cause) {
    const where = describeEndpoint({ kind: "tcp", ...address });
    throw new Error(`cannot bind udp ${where}: ${reasonOf(cause)}`, { cause });
  }
}

const BACKLOG_MAX = 2 ** 31 - 1; // a C int

/** @throws RangeError for what no system could do */
export function checkListenOptions(
  endpoint: Endpoint,
  { backlog, reusePort, keepAlive }: ListenOptions,
): void {
  if (backlog !== undefined && !(Number.isInteger(backlog) && backlog >= 1 && backlog <= BACKLOG_MAX)) {
    throw new RangeError(`backlog must be a whole number from 1 to ${BACKLOG_MAX}, got ${backlog}`);
  }
  if (reusePort === true && endpoint.kind === "unix") {
    throw new RangeError("reusePort is for tcp, a unix socket has one listener");
  }
  if (keepAlive === true && endpoint.kind === "unix") {
    throw new RangeError("keepAlive is for tcp, the peer of a unix socket is on the same machine");
  }
}

async function clear(path: string, network: Network, files: SocketFiles): Promise<void> {
  // Asked here since libuv says "permission denied" of a folder that is missing.
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  if (folder !== "" && (await files.kindOf(folder)) === "nothing") throw new Error("no such folder");
  const kind = await files.kindOf(path);
  if (kind === "nothing") return;
  if (kind === "other") throw new Error("a file that is not a socket is in the way");
  if (await isStale(path, network)) return files.remove(path);
  throw Object.assign(new Error("somebody listens there"), { code: "EADDRINUSE" });
}

/** Whether a socket file is there with nobody behind it. */
function isStale(path: string, network: Network): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = network.connect(
      { kind: "unix", path },
      {
        connected() {
          resolve(false);
          probe.close();
        },
        received: () => {},
        ended: () => {},
        drained: () => {},
        closed: (cause) => resolve(cause === "refused"),
      },
    );
  });
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "address already in use",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTSUP: "this system cannot share a port",
};

function reasonOf(cause: unknown): string {
  const { code, message } = cause as { code?: unknown; message?: unknown };
  const reason = typeof code === "string" ? reasons[code] : undefined;
  if (reason !== undefined) return reason;
  switch (causeOf(cause)) {
    case "denied":
      return "permission denied";
    case "not-found":
      return "no such host name";
    case "exhausted":
      return "out of file descriptors or memory";
    default:
      return String(message);
  }
}
