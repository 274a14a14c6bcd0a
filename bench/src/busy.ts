// Load for a machine: busy until whoever started it is gone, or ends it.

import process from "node:process";

const BUSY_MS = 50;

process.stdin.on("end", () => process.exit()).resume();

function burn(): void {
  const end = performance.now() + BUSY_MS;
  while (performance.now() < end);
  setImmediate(burn);
}

burn();
