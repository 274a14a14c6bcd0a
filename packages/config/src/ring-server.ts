import type { Server } from "@memwire/router";
import type { ServerConfig } from "./address-text.ts";

/** A configured server as `createDistribution` takes it. */
export function ringServer({ endpoint, weight, name }: ServerConfig): Server {
  return {
    ...(endpoint.kind === "unix" ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port }),
    weight,
    ...(name === undefined ? {} : { name }),
  };
}
