// What simulated clusters did, as one number for each seed: a program, so that runtimes can be compared.
//
//     node -C @memwire/source packages/conformance/src/client-seeds.ts 1 2 3

import process from "node:process";
import { simulateClients } from "./client-cluster.ts";

/** The digests of stormy clusters as a text. */
export async function digestsOf(seeds: readonly number[]): Promise<string> {
  const digests: number[] = [];
  for (const seed of seeds) digests.push((await simulateClients({ seed, weather: "stormy" })).digest);
  return digests.join(" ");
}

if (import.meta.main) console.log(await digestsOf(process.argv.slice(2).map(Number)));
