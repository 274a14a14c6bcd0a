// Listening by node:net: where, in which way, and what is in the way of a unix socket.

import { lstat, rm } from "node:fs/promises";
import type { AddressInfo, Server, Socket } from "node:net";
import process from "node:process";
import {
  type Endpoint,
  type Listener,
  type ListenOptions,
  type SocketFiles,
  withoutPrefix,
} from "@memwire/engine";
import { acceptAgain } from "./accept-again.ts";

/** An endpoint as node:net wants it. */
export function addressOf(endpoint: Endpoint): { path: string } | { host: string; port: number } {
  return endpoint.kind === "unix" ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port };
}

/** Listens, or rejects with what the system says. */
export function bound(server: Server, endpoint: Endpoint, options: ListenOptions = {}): Promise<void> {
  const { backlog, reusePort = false } = options;
  const asked = { reusePort, ...(backlog === undefined ? {} : { backlog }) };
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(coded(error));
    server.once("error", fail);
    server.listen({ ...addressOf(endpoint), ...asked }, () => {
      server.off("error", fail);
      resolve();
    });
  });
}

/** Deno 2.9.5 says EINVAL of an address that the machine has not, and of nothing else that can be asked for here. */
function coded(error: Error & { code?: string }): Error {
  const isMisnamed = error.code === "EINVAL" && "deno" in process.versions;
  return isMisnamed ? Object.assign(error, { code: "EADDRNOTAVAIL" }) : error;
}

/** Where the other end of a socket is; nowhere to be told of a unix socket, and of one that is over. */
export function peerOf({ remoteAddress, remotePort }: Socket): Endpoint | undefined {
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return { kind: "tcp", host: withoutPrefix(remoteAddress), port: remotePort };
}

/** Where a server listens, with the port that the system chose. */
export function endpointOf(server: Server, endpoint: Endpoint): Endpoint {
  return endpoint.kind === "unix" ? endpoint : { ...endpoint, port: (server.address() as AddressInfo).port };
}

export function listenerOf(server: Server, endpoint: Endpoint, options: ListenOptions): Listener {
  const stopAccepting = acceptAgain(server, endpoint, options);
  return {
    endpoint: endpointOf(server, endpoint),
    // Node removes a unix socket's file itself. Its callback would come when the last connection has ended.
    async close() {
      stopAccepting();
      server.close();
    },
  };
}

export const files: SocketFiles = {
  async kindOf(path) {
    const found = await lstat(path).catch(() => undefined);
    if (found === undefined) return "nothing";
    return found.isSocket() ? "socket" : "other";
  },
  remove: (path) => rm(path, { force: true }),
};
