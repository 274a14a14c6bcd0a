// The engine and real memcached, asked the same, answer the same bytes.
//
//     commands --+--> ServerEngine (on this runtime's sockets) --> replies --+
//                +--> memcached 1.6.18 ------------------------------------> equal, cas uniques renamed
//
// Left out is what the two recorded versions answer differently, the engine following 1.6.45: too few or too many
// words, bad numbers in storage commands, lines of less than two characters; of meta commands what meta-requests.ts
// lists. Time does not go by here.

import { Buffer } from "node:buffer";
import type { Endpoint } from "@memwire/engine";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startMemcached, withPeer } from "../src/mod.ts";
import { WireClient } from "../src/server/wire-client.ts";
import { type Asked, metaRequests, NEVER_GIVEN, normalised } from "./meta-requests.ts";
import { realHarness, realWorld } from "./server-harness.ts";

const world = await realWorld();
const engine = await realHarness("tcp");

const TOO_LONG = "k".repeat(251);

const KEYS = ["a", "b", "key", "k".repeat(250)];
const key = fc.constantFrom(...KEYS);
const flags = fc.constantFrom("0", "0", "1", "65535", "4294967295");
const exptime = fc.constantFrom("0", "0", "0", "100000", "-1", "1000000000", "4000000000", "2592001");
const noreply = fc.constantFrom("", "", "", " noreply");
const text = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => `v${String.fromCharCode(...bytes)}`),
  fc.constant("v".repeat(3_000)),
);
// memcached reads on behind a value of nothing but white space, and behind a number from 2^63 to look for a minus
// sign, into what was in memory before: no such value here, and none that such a number could grow from.
const value = fc.oneof(
  fc.stringMatching(/^[ \t]{0,1}[-+]?[0-9]{1,17}[ \t\0ax-]{0,2}$/),
  fc.constantFrom("10", "99", "007"),
  text,
);
const noDelta = fc.constantFrom("18446744073709551616", "-1", "x", "1.5");
const up = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 56n }).map(String), fc.constantFrom("0", "1"), noDelta);
const down = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  fc.constantFrom("1", "10"),
  noDelta,
);

const classic: fc.Arbitrary<Asked> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom("set", "set", "add", "replace"), key, flags, exptime, value, noreply)
      .map(([command, key, flags, exptime, value, noreply]) => ({
        key,
        wire: `${command} ${key} ${flags} ${exptime} ${value.length}${noreply}\r\n${value}\r\n`,
      })),
  },
  fc
    .tuple(key, value, fc.constantFrom("%", "%", "%", NEVER_GIVEN), noreply)
    .map(([key, value, cas, noreply]) => ({
      key,
      wire: `cas ${key} 7 0 ${value.length} ${cas}${noreply}\r\n${value}\r\n`,
    })),
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom("get", "gets", "gets", "gat 0", "gats 100000", "gat -1", "gats x"),
        fc.array(key, { minLength: 1, maxLength: 4 }),
      )
      .map(([command, keys]) => ({ key: "", wire: `${command} ${keys.join(" ")}\r\n` })),
  },
  fc
    .tuple(fc.constantFrom("append", "prepend"), key, flags, exptime, text, noreply)
    .map(([command, key, flags, exptime, value, noreply]) => ({
      key,
      wire: `${command} ${key} ${flags} ${exptime} ${value.length}${noreply}\r\n${value}\r\n`,
    })),
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom("incr", "decr"), key, up, down, noreply)
      .map(([command, key, up, down, noreply]) => ({
        key,
        wire: `${command} ${key} ${command === "incr" ? up : down}${noreply}\r\n`,
      })),
  },
  fc
    .tuple(key, fc.constantFrom("0", "100000", "-1", "x"), noreply)
    .map(([key, exptime, noreply]) => ({ key, wire: `touch ${key} ${exptime}${noreply}\r\n` })),
  fc
    .tuple(key, fc.constantFrom("", "", " 0", " 5", " x", " noreply", " 0 noreply"))
    .map(([key, rest]) => ({ key, wire: `delete ${key}${rest}\r\n` })),
  fc
    .constantFrom(
      "flush_all\r\n",
      "flush_all noreply\r\n",
      "flush_all -1\r\n",
      "flush_all x\r\n",
      "verbosity 0\r\n",
      "nonsense\r\n",
      "GET a\r\n",
      "stats nonsense\r\n",
      // memcached has used those before it when it comes to the key that is too long: of this one nobody asks.
      `get other ${TOO_LONG}\r\n`,
      `delete ${TOO_LONG}\r\n`,
      "set a 0 0 -1\r\n",
      // Bytes of a value that are too many are read as a command.
      "set a 0 0 3\r\nabcdefghijk\r\n",
      "set a 0 0 3 noreply\r\nabcdefghijk\r\n",
    )
    .map((wire) => ({ key: "", wire })),
);

const asked: fc.Arbitrary<Asked> = fc.oneof(classic, metaRequests(key, value, up, down));

/** One server under comparison, with its cas uniques numbered in the order in which they were first seen. */
class Side {
  readonly #client: WireClient;
  readonly #numbers: Map<string, number> = new Map();
  readonly #last: Map<string, string> = new Map();

  constructor(endpoint: Endpoint) {
    this.#client = WireClient.connect(world.network, endpoint);
  }

  /** Sends the requests in one write and answers all replies. */
  async ask(requests: readonly Asked[]): Promise<string> {
    const wire = requests.map((request) =>
      request.wire.replace(/^(cas \S+ 7 0 \d+ |m.*? C)%/, (_, line: string) => {
        return `${line}${this.#last.get(request.key) ?? NEVER_GIVEN}`;
      }),
    );
    this.#client.send(`${wire.join("")}version\r\n`);
    const whole = /VERSION [^\r\n]*\r\n$/;
    await world.until(() => whole.test(this.#client.peek()), "all replies");
    return normalised(this.#client.take().replace(whole, ""))
      .replace(/^VALUE (\S+) (\d+) (\d+) (\d+)\r$/gm, (...groups) => {
        const [, key, flags, bytes, cas] = groups as string[];
        this.#last.set(key as string, cas as string);
        return `VALUE ${key} ${flags} ${bytes} cas ${this.#number(cas as string)}\r`;
      })
      .replace(/^(?:HD|VA \d+|ME \S+) .*\r$/gm, (line) => this.#withNumber(line));
  }

  close(): void {
    this.#client.close();
  }

  #withNumber(line: string): string {
    const [, key = "", inBase64 = ""] = / k(\S+)( b)?/.exec(line) ?? [];
    const name = inBase64 === "" ? key : Buffer.from(key, "base64").toString("latin1");
    return line.replace(/ (c|cas=)(\d+)/, (_, flag: string, cas: string) => {
      if (name !== "") this.#last.set(name, cas);
      return ` ${flag}${this.#number(cas)}`;
    });
  }

  #number(cas: string): number {
    const number = this.#numbers.get(cas) ?? this.#numbers.size + 1;
    this.#numbers.set(cas, number);
    return number;
  }
}

/**
 * Requests that can be sent together. What compares a cas unique has to know what was told before it; a retrieval with a
 * key that is too long makes memcached lose the replies that were to go with its own; and as long as the reply to an
 * `mg` is not sent memcached counts in another item than the one it holds for that, without blanks behind the number,
 * and without its marks.
 */
function* batches(requests: readonly Asked[]): Generator<readonly Asked[]> {
  let from = 0;
  let holds = false;
  for (const [i, { wire }] of requests.entries()) {
    const splits = /^cas | C%/.test(wire) || wire.includes(TOO_LONG) || (holds && COUNTS.test(wire));
    if (i > from && splits) {
      yield requests.slice(from, i);
      from = i;
      holds = false;
    }
    holds ||= wire.startsWith("mg ");
  }
  yield requests.slice(from);
}

const COUNTS = /^(?:incr|decr|ma) /;

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
  const bothSides = async (use: (sides: readonly Side[]) => Promise<void>): Promise<void> => {
    const sides = servers.map(({ endpoint }) => new Side(endpoint));
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
