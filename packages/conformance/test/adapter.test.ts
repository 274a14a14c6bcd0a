// The adapter of the runtime at hand, on its native sockets, by the suite that every adapter is held to.

import { openAdapter } from "@memwire/adapter";
import { adapterSuite } from "../src/mod.ts";
import { realHarness } from "./adapter-harness.ts";

const { runtime, network, clock } = await openAdapter();

adapterSuite(realHarness(`adapter-${runtime}`, { network, clock }));
