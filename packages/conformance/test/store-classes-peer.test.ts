// The store's slab classes beside those that the installed memcached makes of the same options.

import { expect, test } from "vitest";
import { SLAB_CLASS_REFUSALS, SLAB_CLASSES } from "../../store/test/slab-class-vectors.ts";
import { freePort, RunningProgram, startMemcached, withPeer } from "../src/mod.ts";

/** Sizes of its chunks by class, as it tells them when it starts. */
async function sizesOf(memcached: string, args: readonly string[]): Promise<string> {
  const on = ["-u", "root", "-U", "0", "-l", "127.0.0.1", "-p", `${await freePort()}`];
  await using program = new RunningProgram(memcached, ["-vv", ...on, ...args]);
  await program.said(/server listening/);
  const lines = program.stderr.matchAll(/^slab class +\d+: chunk size +(\d+) perslab +\d+$/gm);
  return [...lines].map(([, size]) => size).join(" ");
}

const split = (args: string): string[] => args.split(" ").filter((arg) => arg !== "");

withPeer("memcached", (memcached) => {
  test.each(SLAB_CLASSES)("memcached %s has the classes that were recorded", async (args, _, sizes) => {
    expect(await sizesOf(memcached, split(args))).toBe(sizes.trim().replace(/\s+/g, " "));
  });

  test.each(SLAB_CLASS_REFUSALS)("memcached %s is refused as was recorded", async (args, words) => {
    await expect(startMemcached({ args: split(args) })).rejects.toThrow(words);
  });
});
