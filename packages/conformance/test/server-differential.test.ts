// The engine and real memcached, asked the same, answer the same bytes.
//
//     commands --+--> ServerEngine (on this runtime's sockets) --> replies --+
//                +--> memcached 1.6.18 ------------------------------------> equal, cas uniques renamed
//
// What is asked, and what is left out: text-commands.ts. Time does not go by here.

import type { Endpoint } from "@memwire/engine";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startMemcached, withPeer } from "../src/mod.ts";
import { realHarness, realWorld } from "./server-harness.ts";
import { asked, batches, KEYS, TOO_LONG } from "./text-commands.ts";
import { TextSide } from "./text-side.ts";

const world = await realWorld();
const engine = await realHarness("tcp");

// What both count by the same rule; not get_expired, of which 1.6.18 always says 0.
const COUNTED =
  /^STAT (cmd_(get|set|flush|touch|meta)|(get|delete|incr|decr|cas|touch)_(hits|misses)|cas_badval|store_too_large|curr_items|bytes) /;

// Dead items are taken out there at other times than here, and of keys before one that is too long some are counted.
const counted = asked.filter(
  ({ wire }) =>
    !wire.startsWith("flush_all") &&
    !/ [TN]?(?:-1|2592001|\d000000000)[ \r]/.test(wire) &&
    !wire.includes(TOO_LONG),
);

withPeer("memcached", () => {
  let servers: { readonly endpoint: Endpoint; stop(): Promise<void> }[] = [];
  // New ones for each test: a property that ran out of time may still have a run going on.
  beforeEach(async () => {
    // Without the thread that takes out dead items whenever it comes round: counts would depend on that.
    const args = ["-o", "no_lru_crawler,no_lru_maintainer"];
    servers = [await startMemcached({ args }), await engine.start()];
  });
  afterEach(() => Promise.all(servers.map((server) => server.stop())));

  // So that a cas unique of 1 is below that of every item.
  const SOME_CAS = "ms other 1 q\r\nx\r\n".repeat(3);
  const deletes = KEYS.map((key) => `delete ${key}\r\n`).join("");
  const bothSides = async (use: (sides: readonly TextSide[]) => Promise<void>): Promise<void> => {
    const sides = servers.map(({ endpoint }) => new TextSide(world, endpoint));
    try {
      await Promise.all(
        sides.map((side) => side.ask([{ key: "", wire: `${deletes}${SOME_CAS}stats reset\r\n` }])),
      );
      await use(sides);
    } finally {
      for (const side of sides) side.close();
    }
  };

  test("the same commands have the same replies", async () => {
    let commands = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { minLength: 20, maxLength: 80 }), (requests) =>
        bothSides(async (sides) => {
          commands += requests.length;
          for (const batch of batches(requests)) {
            const [theirs, ours] = await Promise.all(sides.map((side) => side.ask(batch)));
            expect(ours).toBe(theirs);
          }
        }),
      ),
    );
    expect(commands).toBeGreaterThan(3_000);
  });

  test("the same commands are counted the same", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(counted, { minLength: 20, maxLength: 80 }), (requests) =>
        bothSides(async (sides) => {
          for (const batch of batches(requests)) await Promise.all(sides.map((side) => side.ask(batch)));
          const [theirs, ours] = await Promise.all(
            sides.map(async (side) => {
              const stats = await side.ask([{ key: "", wire: "stats\r\n" }]);
              return stats.split("\r\n").filter((line) => COUNTED.test(line));
            }),
          );
          expect(ours?.toSorted()).toEqual(theirs?.toSorted());
          expect(ours).toHaveLength(21);
        }),
      ),
    );
  });

  test("the same values are too large", () =>
    bothSides(async (sides) => {
      for (const [flags, bytes] of [
        [0, 1_048_513],
        [0, 1_048_514],
        [0, 1_048_515],
        [1, 1_048_510],
        [1, 1_048_511],
      ] as const) {
        const value = "v".repeat(bytes);
        const wire = `set key ${flags} 0 ${bytes}\r\n${value}\r\nadd key 0 0 1\r\nx\r\n`;
        const [theirs, ours] = await Promise.all(sides.map((side) => side.ask([{ key: "key", wire }])));
        expect(ours).toBe(theirs);
      }
    }));
});
