// Binary requests, right ones and wrong ones, beside real memcached: what the codec takes is served in its turn, what
// it refuses is answered as it says, and the connection goes on or is closed as it says.

import { connect } from "node:net";
import { latin1Text } from "@memwire/codec";
import type { Endpoint } from "@memwire/engine";
import fc from "fast-check";
import { expect, test } from "vitest";
import { mutated } from "../../codec/test/arbitraries.ts";
import { binaryRequest, nearly } from "../../codec/test/binary-arbitraries.ts";
import { closing, goingOn } from "../../codec/test/binary-refusal-rows.ts";
import { bin, encodeBinaryRequests } from "../../codec/test/binary-wire.ts";
import { concat, shown } from "../../codec/test/wire.ts";
import { startMemcached, withPeer } from "../src/mod.ts";
import { closesAt, decisionsOf, difference, refusalsIn } from "./binary-answers.ts";

const noop = bin("80 0a 0000 00 00 0000 00000000 99999999 0000000000000000");

const RUNS = 4_000;

/** More a run than the usual hundred: a connection takes about a millisecond. */
const often = { numRuns: fc.readConfigureGlobal()?.numRuns ?? RUNS };

const CLOSES_WITHIN_MS = 5_000;

/** Sends it all and answers all that comes back until the server closes; ends unless it is to close by itself. */
function ask(endpoint: Endpoint, bytes: Uint8Array, ends: boolean): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = connect(endpoint.kind === "unix" ? { path: endpoint.path } : endpoint);
    const received: Uint8Array[] = [];
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Error(`not closed after ${shown(latin1Text(concat(received)))}`));
    }, CLOSES_WITHIN_MS);
    socket.on("data", (chunk: Uint8Array) => received.push(new Uint8Array(chunk)));
    // Closing with unread bytes resets the connection: what came before has come.
    socket.once("error", (error: Error & { code?: string }) => {
      if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
    });
    socket.once("close", () => {
      clearTimeout(late);
      resolve(concat(received));
    });
    if (ends) socket.end(bytes);
    else socket.write(bytes);
  });
}

/** Each message of a stream gets an opaque of its own, so that no reply is taken for another. */
function numbered(messages: readonly Uint8Array[]): Uint8Array {
  const wires = messages.map((message, i) => {
    const bytes = message.slice();
    if (bytes.length >= 16) new DataView(bytes.buffer).setUint32(12, i + 1);
    return bytes;
  });
  return concat([...wires, noop]);
}

const one = binaryRequest.map((request) => encodeBinaryRequests([request]));
const streams: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 2, arbitrary: fc.array(one, { maxLength: 12, size: "max" }).map(numbered) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.array(one, { maxLength: 8, size: "max" }), nearly(one))
      .map(([before, last]) => numbered([...before, last])),
  },
  { weight: 2, arbitrary: mutated(fc.array(one, { maxLength: 6, size: "max" }).map(numbered)) },
);

withPeer("memcached", () => {
  test("what is taken is served in its turn, what is refused is answered so, whatever the client sends", async () => {
    await using peer = await startMemcached();
    const met = new Map<string, number>();
    let requests = 0;
    await fc.assert(
      fc.asyncProperty(streams, async (stream) => {
        // Memcached takes a connection that does not begin with 0x80 for one of the text protocol.
        fc.pre(stream[0] === 0x80);
        const decisions = decisionsOf(stream);
        const answer = await ask(peer.endpoint, stream, !closesAt(decisions));
        expect(difference(decisions, answer)).toBe(undefined);
        requests += decisions.each.length;
        for (const refusal of refusalsIn(decisions)) met.set(refusal, (met.get(refusal) ?? 0) + 1);
      }),
      often,
    );
    if (often.numRuns !== RUNS) return;

    expect(requests).toBeGreaterThan(15_000);
    // But for "too-large", which takes a megabyte.
    for (const refusal of [
      "bad-magic",
      "bad-length",
      "key-too-long",
      "unknown-command",
      "bad-extras",
      "bad-key",
      "bad-body",
    ]) {
      expect(met.get(refusal) ?? 0, refusal).toBeGreaterThan(10);
    }
  });

  test("every refusal of the table is memcached's own", async () => {
    await using peer = await startMemcached();
    for (const [header, body] of [...closing, ...goingOn]) {
      const stream = concat([noop, bin(header, body), noop]);
      const decisions = decisionsOf(stream);
      const answer = await ask(peer.endpoint, stream, !closesAt(decisions));
      expect(difference(decisions, answer), header).toBe(undefined);
    }
  });
});
