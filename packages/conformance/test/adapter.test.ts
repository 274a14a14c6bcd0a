// The adapter of the runtime at hand, on every kind of sockets that it has, by the suite that every adapter is held to.

import { adapterSuite, type AdapterHarness } from "../src/mod.ts";
import { realHarness } from "./adapter-harness.ts";
import { adaptersHere } from "./adapters.ts";

const UNSHARED: AdapterHarness["skip"][number] = {
  reason: "Deno 2.9.5 cannot share a port for datagrams",
  tests: ["a port for datagrams is shared by all who say so, and each datagram reaches one"],
};

const skip: Record<"node" | "bun" | "deno", AdapterHarness["skip"]> = {
  node: [],
  bun: [
    {
      reason: "Bun 1.4.5 cannot take a connect back: its socket stays until the kernel gives up",
      tests: ["a pending connect that is closed leaves no socket"],
    },
  ],
  deno: [UNSHARED],
};

for (const adapter of await adaptersHere()) {
  // io_uring is not Bun, and can.
  const skipped = adapter.title === "bun over io_uring" ? [] : skip[adapter.runtime];
  adapterSuite(realHarness(`adapter-${adapter.title}`, adapter, skipped));
}
