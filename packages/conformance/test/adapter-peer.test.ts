// Where a client comes from, as this runtime's network tells it.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { drive, type Endpoint } from "@memwire/engine";
import { ServerEngine } from "@memwire/server";
import { expect, test } from "vitest";
import { WireClient } from "../src/server/wire-client.ts";
import { realWorld } from "./server-harness.ts";

const { network, clock, until } = await realWorld();

async function addressesAt(endpoint: Endpoint): Promise<string> {
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

test("a client of a port comes from an address and a port", async () => {
  expect(await addressesAt({ kind: "tcp", host: "127.0.0.1", port: 0 })).toBe(
    "STAT 0:addr tcp:127.0.0.1:port\nSTAT 64:addr tcp:127.0.0.1:port\nSTAT 64:listen_addr tcp:127.0.0.1:port",
  );
});

test("a client of a unix socket comes from that", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "memwire-")), "server.sock");
  expect(await addressesAt({ kind: "unix", path })).toBe(
    `STAT 0:addr unix:${path}\nSTAT 64:addr unix:${path}\nSTAT 64:listen_addr unix:${path}`,
  );
});
