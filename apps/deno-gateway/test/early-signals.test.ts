// Signals that come while memwire-gateway is being loaded: they are held, and acted on when it serves.

import { join } from "node:path";
import { RUNTIMES, startTold } from "@memwire/conformance";
import { describe, expect, test } from "vitest";

const main = join(import.meta.dirname, "..", "src", "main.ts");
const CONFIG = "listen: 127.0.0.1:0\nservers: ['127.0.0.1:1:1']\n";

describe.each(RUNTIMES)("on %s", (runtime) => {
  test.each(["SIGTERM", "SIGINT"] as const)("%s ends it gracefully", async (signal) => {
    await using gateway = await startTold(runtime, main, CONFIG, signal);
    expect(await gateway.ended).toEqual({ code: 0, signal: null });
    expect(gateway.stderr).toBe("");
  });

  test("SIGUSR1 has no effect, then and later: it opens no debugger", async () => {
    await using gateway = await startTold(runtime, main, CONFIG, "SIGUSR1");
    await gateway.said(/Ctrl-C ends it/);
    gateway.signal("SIGUSR1");
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
    expect(gateway.stderr).toBe("");
  });
});
