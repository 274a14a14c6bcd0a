// The proxy, held to how a good proxy behaves.

import { proxySuite } from "../src/mod.ts";
import { realProxies, simulatedProxies } from "./proxy-harness.ts";

proxySuite(simulatedProxies());
proxySuite(await realProxies());
