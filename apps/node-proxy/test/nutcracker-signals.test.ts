// Signals that people are used to send to nutcracker.

import { join } from "node:path";
import { RUNTIMES, startProgram, TextClient } from "@memwire/conformance";
import { parseEndpoint } from "@memwire/engine";
import { expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");

test.each(RUNTIMES)(
  "what only changes nutcracker's log neither ends nor stops the proxy, on %s",
  async (runtime) => {
    await using proxy = startProgram(runtime, main, ["--port", "0"]);
    const [, address = ""] = await proxy.said(/^(\S+) pool main:/m);
    await proxy.said(/Ctrl-C/);
    for (const signal of ["SIGUSR1", "SIGUSR2", "SIGTTIN", "SIGTTOU"] as const) {
      proxy.signal(signal);
      await proxy.said(new RegExp(`^memwire-proxy: ${signal} has no effect: `, "m"));
    }
    using client = await TextClient.connect(parseEndpoint(address));
    expect(await client.ask("get key\r\n")).toBe("END\r\n");
    expect(proxy.stderr).not.toMatch(/debugger/i);
  },
);
