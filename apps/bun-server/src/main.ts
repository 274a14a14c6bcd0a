#!/usr/bin/env node
// memwire-server: arguments, then the server. A worker thread starts here as well. Prints nothing on stdout, as
// memcached does.

import { holdSignals } from "@memwire/program/hold-signals";

holdSignals(); // what follows takes a while to load
const { run } = await import("./run.ts");
await run(new URL(import.meta.url));
