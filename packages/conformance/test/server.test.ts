// The server engine, held to what memcached was recorded to answer: simulated, and on every kind of sockets that the
// runtime at hand has.

import { serverSuite } from "../src/mod.ts";
import { adaptersHere } from "./adapters.ts";
import { realHarness, simulatedHarness } from "./server-harness.ts";

serverSuite(simulatedHarness());
for (const adapter of await adaptersHere()) {
  serverSuite(await realHarness("tcp", {}, adapter));
  serverSuite(await realHarness("unix", {}, adapter));
}
