// Deno.connect and Deno.listen as a Network: TCP and unix sockets. What they cannot do is done by Deno's node:net and
// node:tls.

import { connectTls, listenNet, listenTls } from "@memwire/adapter-node/sockets";
import { listenBy, type Endpoint, type ListenOptions, type Network, type SocketFiles } from "@memwire/engine";
import { bind } from "./datagrams.ts";
import { DenoTransport } from "./transport.ts";

/** How long to wait after an accept that failed, as it does when file descriptors have run out. */
const ACCEPT_RETRY_MS = 100;

export const network: Network = {
  connect(endpoint, handler, options) {
    if (options?.tls !== undefined) return connectTls(endpoint, handler, options.tls, true);
    const abort = new AbortController();
    const transport = new DenoTransport(abort);
    transport.serve(handler);
    connect(endpoint, abort.signal).then(
      (conn) => transport.open(conn),
      (error: unknown) => transport.gone(withCode(error)),
    );
    return transport;
  },

  async listen(endpoint, accept, options = {}) {
    if (options.tls !== undefined) return listenTls(endpoint, accept, options, { network, wired: true });
    if (!isNative(endpoint, options)) return listenNet(endpoint, accept, options, network);
    const listener = await listenBy(() => bound(endpoint, options), endpoint, network, files, options);
    const accepting = acceptAll(listener, accept, options.keepAlive === true);
    const { addr } = listener;
    let open = true;
    return {
      endpoint: endpoint.kind === "tcp" && "port" in addr ? { ...endpoint, port: addr.port } : endpoint,
      // Deno throws the second time, and by then the path of a unix socket may be somebody else's.
      async close() {
        if (!open) return;
        open = false;
        listener.close();
        // The port is free once the accept that was under way has failed.
        await accepting;
        if (endpoint.kind === "unix") await files.remove(endpoint.path);
      },
    };
  },

  bind,
};

async function connect(endpoint: Endpoint, signal: AbortSignal): Promise<Deno.Conn> {
  return endpoint.kind === "unix"
    ? Deno.connect({ transport: "unix", path: endpoint.path })
    : Deno.connect({ hostname: endpoint.host, port: endpoint.port, signal });
}

/** Whether `Deno.listen` can do it. */
export function isNative(endpoint: Endpoint, { backlog, reusePort = false }: ListenOptions): boolean {
  if (endpoint.kind === "unix") return backlog === undefined;
  // Asked to share a port without --unstable-net, Deno ends the process; the flag shows in what it makes appear.
  return !reusePort || "listenDatagram" in Deno;
}

function bound(endpoint: Endpoint, { backlog, reusePort = false }: ListenOptions): Deno.Listener {
  const asked = { reusePort, ...(backlog === undefined ? {} : { tcpBacklog: backlog }) };
  try {
    return endpoint.kind === "unix"
      ? Deno.listen({ transport: "unix", path: endpoint.path })
      : Deno.listen({ hostname: endpoint.host, port: endpoint.port, ...asked });
  } catch (error) {
    throw withCode(error);
  }
}

/** A name that cannot be looked up is the one error that Deno gives no code. */
export function withCode(error: unknown): unknown {
  const isLookup = error instanceof Error && error.message.startsWith("failed to lookup address");
  return isLookup ? Object.assign(error, { code: "ENOTFOUND" }) : error;
}

async function acceptAll(
  listener: Deno.Listener,
  accept: Parameters<Network["listen"]>[1],
  keepAlive: boolean,
): Promise<void> {
  for (;;) {
    let conn: Deno.Conn;
    try {
      conn = await listener.accept();
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return; // it was closed
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_RETRY_MS));
      continue;
    }
    const transport = new DenoTransport(undefined, keepAlive);
    transport.open(conn);
    transport.serve(accept(transport));
  }
}

export const files: SocketFiles = {
  async kindOf(path) {
    const found = await Deno.lstat(path).catch(() => undefined);
    if (found === undefined) return "nothing";
    return found.isSocket === true ? "socket" : "other";
  },
  async remove(path) {
    await Deno.remove(path).catch((error: unknown) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  },
};
