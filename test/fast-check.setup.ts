// FC_SECONDS=30 FC_SEED=1 npm test: every property runs for that long instead of 100 times.
import process from "node:process";
import fc from "fast-check";

const seconds = Number(process.env["FC_SECONDS"] ?? 0);
const seed = process.env["FC_SEED"];
fc.configureGlobal({
  ...(seconds > 0
    ? { numRuns: Infinity, interruptAfterTimeLimit: seconds * 1000, markInterruptAsFailure: false }
    : {}),
  ...(seed === undefined ? {} : { seed: Number(seed) }),
});
