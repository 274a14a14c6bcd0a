// The adapter of the runtime at hand, on its native sockets, by the suite that every adapter is held to.

import { openAdapter } from "@memwire/adapter";
import { adapterSuite, type AdapterHarness } from "../src/mod.ts";
import { realHarness } from "./adapter-harness.ts";

const skip: Record<"node" | "bun" | "deno", AdapterHarness["skip"]> = {
  node: [],
  bun: [
    {
      reason: "Bun 1.4.5 cannot take a connect back: its socket stays until the kernel gives up",
      tests: ["a pending connect that is closed leaves no socket"],
    },
  ],
  deno: [
    {
      reason: "Deno 2.9.5 has no backlog for a unix socket",
      tests: ["a backlog is taken, and connections come (unix)"],
    },
    {
      reason: "Deno 2.9.5 shares a port with --unstable-net only",
      tests: [
        "one port is shared by all who say so, and each gets connections",
        "a port is not shared with one who has not said so",
      ],
    },
  ],
};

const { runtime, ...adapter } = await openAdapter();

adapterSuite(realHarness(`adapter-${runtime}`, adapter, skip[runtime]));
