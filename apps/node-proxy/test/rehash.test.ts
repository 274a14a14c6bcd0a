// Where keys go when a server of a pool is down and the others take them.

import { readProxyConfig } from "@memwire/config";
import { expect, test } from "vitest";
import { engineOptions } from "../src/engine-options.ts";
import { UserFiles } from "../src/user-files.ts";

function placements(
  servers: number,
  points: number,
): { readonly all: number[]; readonly without0: number[] } {
  const list = Array.from({ length: servers }, (_, i) => `10.0.0.${i}:11211`);
  const reading = readProxyConfig(
    JSON.stringify({
      pools: {
        alpha: {
          listen: "127.0.0.1:0",
          servers: list,
          distribution: { name: "ketama", naming: "twemproxy", points },
          health: { when_down: "rehash" },
        },
      },
    }),
    "proxy.json",
  );
  if (!reading.ok) throw new Error(JSON.stringify(reading.mistakes));
  const { config } = reading;
  const [pool] = engineOptions({ config, folder: "." }, new UserFiles(config, ".")).pools;
  const left = Array.from({ length: servers - 1 }, (_, i) => i + 1);
  const ownersBy = (distribution: NonNullable<typeof pool>["distribution"] | undefined): number[] =>
    Array.from({ length: 500 }, (_, i) => {
      const key = new TextEncoder().encode(`key-${i}`);
      return distribution?.owner(key, 0, key.length) ?? -1;
    });
  return { all: ownersBy(pool?.distribution), without0: ownersBy(pool?.distributionWithout?.(left)) };
}

test("the keys of a server that is down go to the others, whose own stay", () => {
  const { all, without0 } = placements(5, 160);
  expect(all).toContain(0);
  expect(without0).not.toContain(0);
  expect(without0.filter((owner, i) => all[i] !== 0 && owner !== all[i])).toEqual([]);
});

test("where the few points of a ring round to none for those that are left, keys stay where they are", () => {
  const { all, without0 } = placements(42, 4);
  expect(without0).toEqual(all);
});
