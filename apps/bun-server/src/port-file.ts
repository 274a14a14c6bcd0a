import type { DatagramAddress, Endpoint } from "@memwire/engine";
import { writeWhole } from "./whole-file.ts";

/**
 * Writes the ports that were bound, one `TCP INET: <port>` or `UDP INET: <port>` a line, as memcached does where
 * MEMCACHED_PORT_FILENAME says: to another file first, so that whoever waits for this one finds it whole.
 *
 * @returns one line if it cannot be written
 */
export function writePortFile(
  path: string,
  endpoints: readonly Endpoint[],
  datagrams: readonly DatagramAddress[],
): string | undefined {
  const lines = [
    ...endpoints.flatMap((endpoint) => (endpoint.kind === "tcp" ? linesOf("TCP", endpoint) : [])),
    ...datagrams.flatMap((address) => linesOf("UDP", address)),
  ];
  return writeWhole(path, ".lck", lines.join(""), "the port file of MEMCACHED_PORT_FILENAME");
}

/** A socket on `::` is one on all addresses of IPv4 as well. */
function linesOf(kind: "TCP" | "UDP", { host, port }: DatagramAddress): readonly string[] {
  if (host === "::") return [`${kind} INET: ${port}\n`, `${kind} INET6: ${port}\n`];
  return [`${kind} ${host.includes(":") ? "INET6" : "INET"}: ${port}\n`];
}
