// Says 10,000 lines in 100 turns, then how many of them were dropped, and stays until somebody reads stderr.

import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { openAdapter } from "@memwire/adapter";
import { sinkOf, StderrLines } from "@memwire/program";

const { runtime } = await openAdapter();
const lines = new StderrLines(sinkOf(runtime), "memwire-proxy");
for (let turn = 0; turn < 100; turn++) {
  for (let i = 0; i < 100; i++) lines.say("x".repeat(1_000));
  await sleep(1);
}
process.stdout.write(`${lines.dropped} were dropped\n`);
setInterval(() => {}, 1_000);
