import { renameSync, writeFileSync } from "node:fs";
import type { Listener } from "@memwire/engine";

/**
 * Writes the TCP ports that were bound, one `TCP INET: <port>` a line, as memcached does where
 * MEMCACHED_PORT_FILENAME says: to another file first, so that whoever waits for this one finds it whole.
 */
export function writePortFile(path: string, listeners: readonly Listener[]): void {
  const lines = listeners.map(({ endpoint }) =>
    endpoint.kind === "tcp" ? `TCP INET: ${endpoint.port}\n` : "",
  );
  writeFileSync(`${path}.lck`, lines.join(""));
  renameSync(`${path}.lck`, path);
}
