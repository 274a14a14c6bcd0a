// What the fuzzer has found worth keeping, once more, on every runtime: fuzz/src/main.ts finds more of it.
import { expect, test } from "vitest";
import { loadTarget, readCorpus, targetNames } from "../fuzz/src/target.ts";

test.for(targetNames())("%s holds for every input that is kept", async (name) => {
  const { fuzz } = await loadTarget(name);
  const inputs = readCorpus(name);
  expect(inputs.length).toBeGreaterThan(50);
  for (const input of inputs) fuzz(input);
});
