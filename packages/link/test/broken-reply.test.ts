// A reply that answers nothing that was asked: the server is broken, whatever the reply means elsewhere.

import { expect, test } from "vitest";
import { Bench } from "./bench.ts";

/** Whole replies of the kinds that nobody here asks for. */
const others = [
  "HD\r\n",
  "HD t-1 O1\r\n",
  "VA 1 f0\r\nx\r\n",
  "EN\r\n",
  "NF\r\n",
  "NS\r\n",
  "EX\r\n",
  "MN\r\n",
  "ME a exp=-1\r\n",
  "BUSY currently processing reassign request\r\n",
  "BADCLASS invalid class id\r\n",
  "NOSPARE source class has no spare pages\r\n",
  "NOTFULL dest class has spare memory\r\n",
  "UNSAFE src class is in an unsafe state\r\n",
  "SAME src and dst class are identical\r\n",
  "NOTSTARTED no items to crawl\r\n",
  "MEMLIMIT_TOO_SMALL cannot set maxbytes to less than 8m\r\n",
  "MEMLIMIT_ADJUST_FAILED out of bounds or unable to adjust\r\n",
  "WATCHER_TOO_MANY log watcher limit reached\r\n",
  "WATCHER_FAILED failed to add log watcher\r\n",
  "Error TLS not enabled\r\n",
  "mg a\r\n",
  "key=a exp=-1\n",
  "ts=1.2 gid=1 type=item_get\n",
  "skipped=3\n",
  "CONFIG cluster 0 1\r\n1\r\n",
  "STAT pid 1\r\n",
  "ITEM a [1 b; 0 s]\r\n",
  "PREFIX a get 1\r\n",
  "VERSION 1.6.45\r\n",
  "RESET\r\n",
  "nonsense\r\n",
];

for (const reply of others) {
  test(`${JSON.stringify(reply)} answers neither a get nor a set: the connection is replaced`, () => {
    for (const ask of ["get", "set"] as const) {
      const bench = new Bench();
      // One that is answered, so that the server is not one in trouble that is left alone.
      const first = bench.set("a", "x");
      bench.turn();
      bench.say("STORED\r\n");
      const second = ask === "get" ? bench.get("b") : bench.set("b", "y");
      const third = bench.get("c");
      bench.turn();
      bench.say(reply);
      expect([first.heard, second.heard, third.heard]).toEqual([
        "asked, stored, done",
        "asked, failed: broken-reply",
        "asked, failed: broken-reply",
      ]);
      expect(bench.link.counters.disconnects).toBe(1);
      const fourth = bench.get("d");
      bench.turn();
      bench.say("END\r\n");
      expect([bench.connections, fourth.heard]).toEqual([2, "asked, done"]);
    }
  });
}
