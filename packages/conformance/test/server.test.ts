// The server engine, held to what memcached was recorded to answer.

import { serverSuite } from "../src/mod.ts";
import { realHarness, simulatedHarness } from "./server-harness.ts";

serverSuite(simulatedHarness());
serverSuite(await realHarness("tcp"));
serverSuite(await realHarness("unix"));
