// Signals that come while memwire-proxy is being loaded: they are held, and acted on when it serves.

import { join } from "node:path";
import { RUNTIMES, startTold } from "@memwire/conformance";
import { describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
const CONFIG = "pools: { main: { listen: '127.0.0.1:0', servers: ['127.0.0.1:1'] } }";

describe.each(RUNTIMES)("on %s", (runtime) => {
  test.each(["SIGTERM", "SIGINT"] as const)("%s ends it gracefully", async (signal) => {
    await using proxy = await startTold(runtime, main, CONFIG, signal);
    expect(await proxy.ended).toEqual({ code: 0, signal: null });
    expect(proxy.stderr).toBe("");
  });

  test.each([
    ["SIGHUP", "there are no certificates or users to read again"],
    ["SIGUSR1", "SIGUSR1 has no effect: it means nothing here, as to nutcracker"],
  ] as const)("of %s it says %s, and serves", async (signal, line) => {
    await using proxy = await startTold(runtime, main, CONFIG, signal);
    await proxy.said(/Ctrl-C ends it/);
    expect(await proxy.stop()).toEqual({ code: 0, signal: null });
    expect(proxy.stderr).toBe(`memwire-proxy: ${line}\n`);
  });
});
