import { latin1Bytes, latin1Text } from "@memwire/codec";
import { ServerEngine, type ServerOptions } from "@memwire/server";
import { SlabStore } from "@memwire/store";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Bench } from "./party.ts";

const key = fc.constantFrom("a", "b", "key", "k".repeat(250));
const number = fc.constantFrom("0", "1", "5", "100", "-1", "18446744073709551615", "x", "");
const noreply = fc.constantFrom("", "", " noreply");
const value = fc.oneof(
  fc.constantFrom("", "1", "10", "x y", "\r\n"),
  fc.uint8Array({ maxLength: 80 }).map((bytes) => latin1Text(bytes)),
);
const storage = fc
  .tuple(fc.constantFrom("set", "add", "replace", "append", "prepend"), key, number, number, value, noreply)
  .map(
    ([command, key, flags, exptime, value, noreply]) =>
      `${command} ${key} ${flags} ${exptime} ${value.length}${noreply}\r\n${value}\r\n`,
  );
const metaFlags = fc
  .uniqueArray(
    fc.constantFrom(
      ..."v v c f h k l s t u q b x I T0 T-1 T60 N0 N30 R9 R-1 F5 C1 C3 E7 Oabc J1 D5 MA ME MP MR MS MI MD w 5".split(
        " ",
      ),
    ),
    { maxLength: 6, selector: (flag) => flag.charAt(0) },
  )
  .map((flags) => flags.map((flag) => ` ${flag}`).join(""));
const metaKey = fc.oneof(key, fc.constantFrom("YQ==", "a2V5", "%"));
const meta = fc.oneof(
  fc
    .tuple(fc.constantFrom("mg", "mg", "md", "ma", "me", "mn"), metaKey, metaFlags)
    .map(([command, key, flags]) => `${command} ${key}${flags}\r\n`),
  fc
    .tuple(metaKey, metaFlags, value)
    .map(([key, flags, value]) => `ms ${key} ${value.length}${flags}\r\n${value}\r\n`),
);
const request = fc.oneof(
  { weight: 4, arbitrary: storage },
  { weight: 4, arbitrary: meta },
  fc
    .tuple(fc.constantFrom("get", "gets", "gat 100", "gats 0"), fc.array(key, { minLength: 1, maxLength: 5 }))
    .map(([command, keys]) => `${command} ${keys.join(" ")}\r\n`),
  fc
    .tuple(fc.constantFrom("incr", "decr", "touch"), key, number, noreply)
    .map(([command, key, number, noreply]) => `${command} ${key} ${number}${noreply}\r\n`),
  fc.tuple(key, noreply).map(([key, noreply]) => `delete ${key}${noreply}\r\n`),
  fc.constantFrom("version\r\n", "flush_all\r\n", "stats\r\n", "nonsense\r\n", "\r\n", "get\r\n"),
  fc.string({ unit: "binary-ascii", maxLength: 40 }).map((text) => `${text}\r\n`),
);
const requests = fc.array(request, { maxLength: 30 }).map((lines) => lines.join(""));

function cut(text: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => place % (text.length + 1)), text.length].toSorted((a, b) => a - b);
  return at.slice(1).map((end, i) => text.slice(at[i], end));
}

/** Hundreds of them are made: with memory that does not have to be asked for. */
const small = ({ limits }: ServerOptions = {}): ServerEngine =>
  new ServerEngine({
    // `stats` tells how often a turn was over: fairness.test.ts is about that.
    limits: { requestsPerTurn: 1_000, ...limits },
    store: new SlabStore({ bytesMax: 1_048_576 }),
  });

/**
 * What is in buffers differs with the cuts, and how many bytes came and went, and with the turns what the store had put
 * in order by then, and which of what expired it had dropped; nothing else may.
 */
const withoutCounts = (text: string): string =>
  text.replace(
    /STAT (?:bytes|bytes_read|bytes_written|curr_items|get_expired|get_flushed|expired_unfetched|reclaimed|(?:read_buf|response_obj|lru|crawler|moves_to)_\w+) \d+/g,
    "",
  );

test("gives the same replies however the bytes are cut", () => {
  fc.assert(
    fc.property(requests, fc.array(fc.nat(), { maxLength: 20 }), (wire, places) => {
      const whole = new Bench(small()).connect().send(wire).end();
      const pieces = new Bench(small()).connect();
      for (const piece of cut(wire, places)) pieces.send(piece);
      pieces.end();
      expect(withoutCounts(pieces.text)).toBe(withoutCounts(whole.text));
      expect([pieces.state, whole.state]).toEqual(["closed", "closed"]);
    }),
  );
});

test("gives the same replies however slowly they are taken", () => {
  fc.assert(
    fc.property(
      requests,
      fc.array(fc.nat(), { maxLength: 20 }),
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.boolean()),
      (wire, places, unsentBytesMax, takes) => {
        const quick = new Bench(small()).connect().send(wire).end();
        const slow = new Bench(small({ limits: { unsentBytesMax } })).connect(false);
        for (const [i, piece] of cut(wire, places).entries()) {
          slow.send(piece);
          if (takes[i] === true) slow.take();
        }
        slow.end().read();
        expect(withoutCounts(slow.text)).toBe(withoutCounts(quick.text));
        expect(slow.state).toBe("closed");
      },
    ),
  );
});

test("gives the same replies however many are given in a turn, and however slowly they are taken", () => {
  fc.assert(
    fc.property(
      requests,
      fc.array(fc.nat(), { maxLength: 5 }),
      fc.integer({ min: 1, max: 25 }),
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.boolean()),
      (wire, places, requestsPerTurn, unsentBytesMax, takes) => {
        const quick = new Bench(small()).connect().send(wire).end();
        const slow = new Bench(small({ limits: { requestsPerTurn, unsentBytesMax } })).connect(false);
        for (const [i, piece] of cut(wire, places).entries()) {
          slow.send(piece);
          if (takes[i] === true) slow.take();
        }
        slow.end().read();
        expect(withoutStats(slow.text)).toBe(withoutStats(quick.text));
        expect(slow.state).toBe("closed");
      },
    ),
  );
});

const withoutStats = (text: string): string => text.replace(/STAT \S+ .*\r\n/g, "");

test("never throws, whatever comes, and keeps its bounds", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          request.map((line) => latin1Bytes(line)),
        ),
        {
          maxLength: 50,
        },
      ),
      (chunks) => {
        const bench = new Bench(
          new ServerEngine({ limits: { unsentBytesMax: 500 }, store: new SlabStore({ bytesMax: 8_192 }) }),
        );
        const party = bench.connect(false);
        for (const chunk of chunks) {
          if (party.state === "paused") party.take();
          if (party.state === "open") party.send(chunk);
          expect(bench.engine.store.counters.bytes).toBeLessThanOrEqual(8_192 + 20 * 4_096);
          // One send: what was written until the limit was passed, by at most the longest reply, `stats`.
          expect(party.untaken?.length ?? 0).toBeLessThan(500 + 3_000);
        }
      },
    ),
  );
});
