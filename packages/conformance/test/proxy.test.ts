// The proxy, held to how a good proxy behaves: simulated, and on every kind of sockets that the runtime at hand has.

import { proxySuite } from "../src/mod.ts";
import { adaptersHere } from "./adapters.ts";
import { realProxies, simulatedProxies } from "./proxy-harness.ts";

proxySuite(simulatedProxies());
for (const adapter of await adaptersHere()) proxySuite(realProxies(adapter));
