// A gateway over the real client and real servers, and every byte that reaches the servers.

import { type Client, createClient } from "@memwire/client";
import { latin1Text } from "@memwire/codec";
import { drive, type Engine, type Network } from "@memwire/engine";
import { type AccessLine, createGateway, type Gateway, type GatewayOptions } from "../src/mod.ts";
import type { World } from "./world.ts";

export interface Fleet {
  readonly client: Client;
  readonly gateway: Gateway;
  readonly lines: AccessLine[];
  /** What was received on each connection since this was last called, a character a byte. */
  takeReceived(): readonly string[];
  ask(method: string, path: string, init?: RequestInit): Promise<Response>;
  /** Takes one server away, or ends everything and leaves nothing to happen. */
  stop(server: string): Promise<void>;
  close(): Promise<void>;
}

/** @param engineOf The server of each name. */
export async function startFleet(
  world: World,
  names: readonly string[],
  engineOf: (name: string) => Engine,
  options: Partial<GatewayOptions> = {},
): Promise<Fleet> {
  const { clock, settle } = world;
  const received: string[] = [];
  const servers = await Promise.all(
    names.map(async (name) => {
      const { network, host } = world.hostOf(name);
      const driver = drive(engineOf(name), recording(network, received), clock);
      const { endpoint } = await driver.listen({ kind: "tcp", host, port: 0 });
      if (endpoint.kind !== "tcp") throw new TypeError("a TCP server listens on a port");
      return { name, driver, host, port: endpoint.port };
    }),
  );
  const client = createClient({
    network: world.hostOf("gateway").network,
    clock,
    servers: servers.map(({ name, host, port }) => ({
      name,
      host,
      port,
    })),
  });
  const lines: AccessLine[] = [];
  const gateway = createGateway({ client, clock, log: (line) => lines.push(line), ...options });
  const stop = async (server: string): Promise<void> => {
    await settle(servers.find(({ name }) => name === server)?.driver.close() ?? Promise.resolve());
  };
  return {
    client,
    gateway,
    lines,
    stop,
    takeReceived: () =>
      received.splice(0, received.length, ...received.map(() => "")).filter((it) => it !== ""),
    ask: (method, path, init = {}) =>
      settle(
        gateway.fetch(
          new Request(`http://gateway${path}`, {
            ...init,
            method,
          }),
        ),
      ),
    async close() {
      await settle(gateway.close());
      await settle(client.close());
      for (const name of names) await stop(name);
    },
  };
}

function recording(network: Network, received: string[]): Network {
  return {
    connect: (endpoint, handler) => network.connect(endpoint, handler),
    bind: (address, handler) => network.bind(address, handler),
    listen: (endpoint, accept) =>
      network.listen(endpoint, (transport) => {
        const handler = accept(transport);
        const connection = received.push("") - 1;
        return {
          connected: () => handler.connected(),
          received: (chunk) => {
            received[connection] += latin1Text(chunk);
            handler.received(chunk);
          },
          ended: () => handler.ended(),
          drained: () => handler.drained(),
          closed: (cause) => handler.closed(cause),
        };
      }),
  };
}
