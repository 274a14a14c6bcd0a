import { renameSync, writeFileSync } from "node:fs";
import type { Endpoint } from "@memwire/engine";

/**
 * Writes the ports that were bound, one `TCP INET: <port>` a line, as memcached does where MEMCACHED_PORT_FILENAME
 * says: to another file first, so that whoever waits for this one finds it whole.
 */
export function writePortFile(path: string, endpoints: readonly Endpoint[]): void {
  const lines = endpoints.flatMap((endpoint) =>
    endpoint.kind === "tcp"
      ? familiesOf(endpoint.host).map((family) => `TCP ${family}: ${endpoint.port}\n`)
      : [],
  );
  writeFileSync(`${path}.lck`, lines.join(""));
  renameSync(`${path}.lck`, path);
}

/** A socket on `::` is one on all addresses of IPv4 as well. */
function familiesOf(host: string): readonly string[] {
  if (host === "::") return ["INET", "INET6"];
  return [host.includes(":") ? "INET6" : "INET"];
}
