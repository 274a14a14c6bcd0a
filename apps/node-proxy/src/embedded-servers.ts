// Three memcached servers in the proxy's own process, to try it without any other program.

import type { Adapter } from "@memwire/adapter";
import type { ServerConfig } from "@memwire/config";
import { drive } from "@memwire/engine";
import type { Part } from "@memwire/program";
import { ServerEngine } from "@memwire/server";

/** A server of this process, as a pool has it. */
export interface EmbeddedServer {
  readonly part: Part;
  readonly server: ServerConfig;
}

// Their places on the ring go by these names, whatever ports the system gives.
export const embeddedNames: readonly string[] = ["embedded-1", "embedded-2", "embedded-3"];

/** Starts the servers on free ports of the loopback address. */
export function startEmbeddedServers({ network, clock }: Adapter): Promise<EmbeddedServer[]> {
  return Promise.all(
    embeddedNames.map(async (name) => {
      const engine = new ServerEngine();
      const driver = drive(engine, network, clock);
      const listener = await driver.listen({ kind: "tcp", host: "127.0.0.1", port: 0 });
      return {
        part: { engine, driver, listeners: [listener] },
        server: { endpoint: listener.endpoint, weight: 1, name },
      };
    }),
  );
}
