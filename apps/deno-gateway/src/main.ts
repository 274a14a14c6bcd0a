#!/usr/bin/env node
// memwire-gateway: signals are held, then the program is loaded.

import { holdSignals } from "@memwire/program/hold-signals";

holdSignals(["SIGINT", "SIGTERM", "SIGUSR1"]); // what follows takes a while to load
const { run } = await import("./run.ts");
await run();
