// The engine and real memcached, asked the same in the binary protocol, answer the same bytes.
//
//     requests --+--> ServerEngine (on this runtime's sockets) --> replies --+
//                +--> memcached 1.6.18 ------------------------------------> equal, cas uniques renamed
//
// Known differences, and left out: an opcode that nobody knows with a body, behind which memcached loses its way; the
// values that other tests show it to be unsure of (text-commands.ts); `stat` of what begins with the name of
// a group, as "resets", which memcached takes for it. Time does not go by here.

import { type BinaryReply, type BinaryRequest, latin1Bytes, OPCODES } from "@memwire/codec";
import type { Endpoint } from "@memwire/engine";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { closing, goingOn, type RefusalRow } from "../../codec/test/binary-refusal-rows.ts";
import { bin } from "../../codec/test/binary-wire.ts";
import { startMemcached, withPeer } from "../src/mod.ts";
import { WireClient } from "../src/server/wire-client.ts";
import { type Asked, asked, batches, COMMON, KEYS } from "./binary-commands.ts";
import { BinarySide } from "./binary-side.ts";
import { realHarness, realWorld } from "./server-harness.ts";

const world = await realWorld();
const engine = await realHarness("tcp", { version: "1.6.18" });

const HEADER_BYTES = 24;

/**
 * Where memcached loses its way (an unknown opcode with key or extras), takes what is refused here (a value behind
 * `stat`, `touch` and their like), or waits for a key that does not come: docs/protocol.md.
 */
function isElsewhere([header, body, refusal]: RefusalRow): boolean {
  const wire = bin(header, body);
  const view = new DataView(wire.buffer);
  const partBytes = view.getUint16(2) + view.getUint8(4);
  if (refusal === "unknown-command") return partBytes > 0;
  if (refusal === "bad-body") return [0x10, 0x1c, 0x1d].includes(view.getUint8(1));
  return wire.length < HEADER_BYTES + partBytes;
}

// What both count by the same rule; not get_expired, of which 1.6.18 always says 0.
const COUNTED =
  /^(cmd_(get|set|flush|touch)|(get|delete|incr|decr|cas|touch)_(hits|misses)|cas_badval|store_too_large|auth_(cmds|errors)|curr_items|bytes)$/;

// Dead items are taken out there at other times than here.
const counted = asked.filter(
  ({ request }) =>
    !request.opcode.startsWith("flush") && !("exptime" in request && request.exptime === 2_592_001),
);

// Answers that a whole run may do without, but this test shall not.
const [key] = KEYS as [Uint8Array];
const item = { ...COMMON, key, flags: 0, exptime: 0, value: latin1Bytes("x") };
const rare: Asked[] = [
  { request: { ...item, opcode: "set" }, cas: "none" },
  { request: { ...item, opcode: "setq" }, cas: "wrong" },
  { request: { ...COMMON, opcode: "delete", key }, cas: "wrong" },
  { request: { ...COMMON, opcode: "decr", key, delta: 1n, initial: 0n, exptime: 0 }, cas: "none" },
  { request: { ...item, opcode: "set", value: latin1Bytes("1") }, cas: "none" },
  { request: { ...COMMON, opcode: "incr", key, delta: 1n, initial: 0n, exptime: 0 }, cas: "wrong" },
];

withPeer("memcached", () => {
  let servers: { readonly endpoint: Endpoint; stop(): Promise<void> }[] = [];
  // New ones for each test: a property that ran out of time may still have a run going on.
  beforeEach(async () => {
    // Without the thread that takes out dead items whenever it comes round: counts would depend on that.
    const args = ["-o", "no_lru_crawler,no_lru_maintainer"];
    servers = [await startMemcached({ args }), await engine.start()];
  });
  afterEach(() => Promise.all(servers.map((server) => server.stop())));

  const first: readonly Asked[] = [
    ...KEYS.map((key) => ({ request: { ...COMMON, opcode: "delete", key }, cas: "none" }) as const),
    { request: { ...COMMON, opcode: "stat", key: latin1Bytes("reset") }, cas: "none" },
  ];
  const bothSides = async (
    use: (sides: readonly [BinarySide, BinarySide]) => Promise<void>,
  ): Promise<void> => {
    const [theirs, ours] = servers.map(({ endpoint }) => new BinarySide(world, endpoint));
    if (theirs === undefined || ours === undefined) throw new Error("a server did not start");
    try {
      await Promise.all([theirs.ask(first), ours.ask(first)]);
      await use([theirs, ours]);
    } finally {
      theirs.close();
      ours.close();
    }
  };

  test("the same requests have the same replies", async () => {
    let requested = 0;
    const met = new Set<unknown>();
    await fc.assert(
      fc.asyncProperty(fc.array(asked, { minLength: 20, maxLength: 80 }), (requests) =>
        bothSides(async (sides) => {
          requested += requests.length;
          for (const batch of batches(requests)) {
            const [theirs, ours] = await Promise.all(sides.map((side) => side.ask(batch)));
            expect(ours).toEqual(theirs);
            for (const reply of theirs as readonly BinaryReply[]) met.add(`${reply.opcode} ${reply.status}`);
          }
        }),
      ),
      { examples: [[rare]] },
    );
    expect(requested).toBeGreaterThan(3_000);
    for (const answer of ["setq exists", "delete exists", "incr exists", "decr non-numeric"]) {
      expect(met).toContain(answer);
    }
  });

  test("the same requests are counted the same", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(counted, { minLength: 20, maxLength: 80 }), (requests) =>
        bothSides(async (sides) => {
          for (const batch of batches(requests)) await Promise.all(sides.map((side) => side.ask(batch)));
          const stat: Asked = { request: { ...COMMON, opcode: "stat", key: latin1Bytes("") }, cas: "none" };
          const [theirs, ours] = await Promise.all(
            sides.map(async (side) => {
              const replies = (await side.ask([stat])) as readonly { key: string; value: string }[];
              return replies
                .filter(({ key }) => COUNTED.test(key))
                .map(({ key, value }) => `${key} ${value}`);
            }),
          );
          expect(ours?.toSorted()).toEqual(theirs?.toSorted());
          expect(ours).toHaveLength(22);
        }),
      ),
    );
  });

  test("what is wrong is told in the same bytes, and closes the connection or does not", async () => {
    for (const row of [...closing, ...goingOn]) {
      if (isElsewhere(row)) continue;
      const [header, body] = row;
      await bothSides(async ([theirs, ours]) => {
        const wire = bin(header, body);
        expect(await ours.say(wire), header).toBe(await theirs.say(wire));
      });
    }
  });

  test("who watches is told the same of them, and the same is counted by class and by prefix", async () => {
    const key = latin1Bytes("p:k");
    const of = (opcode: BinaryRequest["opcode"], cas: Asked["cas"] = "none", value = "v"): Asked => {
      const { extras, hasValue } = OPCODES[opcode];
      const request = {
        ...COMMON,
        opcode,
        key,
        ...(hasValue ? { value: latin1Bytes(value) } : {}),
        ...(extras === "storage" ? { flags: 0 } : {}),
        ...(extras === "arithmetic" ? { delta: 1n, initial: 5n } : {}),
        ...(extras === "none" ? {} : { exptime: 100 }),
      };
      return { request: request as BinaryRequest, cas };
    };
    const requests = [
      ...(["get", "getkq", "append", "replace", "delete", "touch", "gat", "incr"] as const).map((each) =>
        of(each),
      ),
      ...(["get", "getkq", "add", "touch", "gatk", "incr", "decrq", "set"] as const).map((each) => of(each)),
      ...(["append", "prependq", "replace", "set", "delete"] as const).map((each) => of(each, "wrong")),
      ...(["append", "prependq", "replace", "set"] as const).map((each) => of(each, "last", "w".repeat(200))),
      ...(["incr", "delete", "setq", "deleteq"] as const).map((each) => of(each)),
    ];
    const told = await Promise.all(
      servers.map(async ({ endpoint }) => {
        const side = new BinarySide(world, endpoint);
        const watcher = WireClient.connect(world.network, endpoint);
        try {
          watcher.send("watch fetchers mutations\r\n");
          await world.until(() => watcher.peek().startsWith("OK\r\n"), "OK");
          const stat = (group: string): Asked => ({
            request: { ...COMMON, opcode: "stat", key: latin1Bytes(group) },
            cas: "none",
          });
          await side.ask([stat("detail on")]);
          for (const request of requests) await side.ask([request]);
          await side.ask([{ request: { ...COMMON, opcode: "get", key: latin1Bytes("last") }, cas: "none" }]);
          await world.until(() => watcher.peek().includes("key=last"), "the last line");
          const lines = watcher
            .take()
            .split("\n")
            .map((line) => line.replace(/^ts=\S+ gid=\d+ /, "").replace(/cfd=\d+/, "cfd"));
          const statistics = [...(await side.ask([stat("detail dump"), stat("slabs")]))] as {
            key: string;
            value: string;
          }[];
          const counts = statistics.filter(({ key }) =>
            /^detailed$|^\d+:(?:cmd_set|.*_hits|cas_badval)$/.test(key),
          );
          return { lines, counts: counts.map(({ key, value }) => `${key} ${value}`).toSorted() };
        } finally {
          watcher.close();
          side.close();
        }
      }),
    );
    expect(told[1]).toEqual(told[0]);
    expect(told[1]?.lines.length).toBeGreaterThan(requests.length);
  });

  test("the same values are too large, and take the same with them", () =>
    bothSides(async (sides) => {
      const key = latin1Bytes("key");
      const old = { ...COMMON, opcode: "set", key, flags: 0, exptime: 0, value: latin1Bytes("old") } as const;
      for (const opcode of ["set", "setq", "add", "replace", "append", "prependq"] as const) {
        for (const cas of ["none", "last"] as const) {
          for (const [flags, bytes] of [
            [0, 1_048_514],
            [0, 1_048_515],
            [0, 1_048_577],
            [1, 1_048_511],
          ] as const) {
            const value = new Uint8Array(bytes).fill(118);
            const extras = OPCODES[opcode].extras === "storage" ? { flags, exptime: 0 } : {};
            const request = { ...COMMON, opcode, key, ...extras, value } as BinaryRequest;
            const get: Asked = { request: { ...COMMON, opcode: "get", key }, cas: "none" };
            const answers = await Promise.all(
              sides.map(async (side) => {
                await side.ask([{ request: { ...COMMON, opcode: "delete", key }, cas: "none" }]);
                await side.ask([{ request: old, cas: "none" }]);
                return side.ask([{ request, cas }, get]);
              }),
            );
            expect(answers[1], `${opcode} ${cas} ${bytes}`).toEqual(answers[0]);
          }
        }
      }
    }));
});
