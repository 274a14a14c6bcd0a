// Where a client comes from, as this runtime's network tells it.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drive, type Endpoint } from "@memwire/engine";
import { ServerEngine } from "@memwire/server";
import { describe, expect, test } from "vitest";
import { WireClient } from "../src/server/wire-client.ts";
import { adaptersHere } from "./adapters.ts";
import { type RealWorld, worldOf } from "./server-harness.ts";

async function addressesAt({ network, clock, until }: RealWorld, endpoint: Endpoint): Promise<string> {
  const engine = new ServerEngine();
  const driver = drive(engine, network, clock);
  const listener = await driver.listen(endpoint);
  engine.listening(0, listener.endpoint);
  const client = WireClient.connect(network, listener.endpoint);
  client.send("stats conns\r\n");
  await until(() => client.peek().endsWith("END\r\n"), "stats conns");
  const addresses = client
    .take()
    .split("\r\n")
    .filter((line) => line.includes("addr"));
  client.close();
  await driver.close();
  return addresses.join("\n").replaceAll(/:\d+(?=$|\n)/g, ":port");
}

describe.each((await adaptersHere()).map(worldOf))("$title", (world) => {
  test("a client of a port comes from an address and a port", async () => {
    expect(await addressesAt(world, { kind: "tcp", host: "127.0.0.1", port: 0 })).toBe(
      "STAT 0:addr tcp:127.0.0.1:port\nSTAT 64:addr tcp:127.0.0.1:port\nSTAT 64:listen_addr tcp:127.0.0.1:port",
    );
  });

  test("a client of a unix socket comes from that", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "memwire-")), "server.sock");
    expect(await addressesAt(world, { kind: "unix", path })).toBe(
      `STAT 0:addr unix:${path}\nSTAT 64:addr unix:${path}\nSTAT 64:listen_addr unix:${path}`,
    );
  });
});
