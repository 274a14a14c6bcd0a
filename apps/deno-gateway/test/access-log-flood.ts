// More access lines in one turn than may wait for stdout; says how many were refused.

import { openAccessLog } from "../src/access-log.ts";

const LINES = 200_000;
const accessLog = openAccessLog("all");
const line = {
  time: 0,
  address: "x".repeat(100),
  method: "GET",
  url: "/",
  status: 200,
  durationMs: 0,
  bytes: 0,
};
let refused = 0;
for (let i = 0; i < LINES; i++) {
  try {
    accessLog.options.log?.(line);
  } catch {
    refused++;
  }
}
accessLog.flush();
console.error(`${LINES} lines, ${refused} refused`);
