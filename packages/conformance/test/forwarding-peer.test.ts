// Requests sent on to real memcached: whatever a client wrote, it is to see one request where the codec saw one. A word or
// a byte that the two read otherwise would make commands of a data block.

import { latin1Text, RequestForwarder, SendBuffer, TextRequestDecoder, type TextReply } from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { startMemcached, withPeer } from "../src/mod.ts";
import { probes } from "./codec-probes.ts";
import { Dialogue } from "./translation-dialogue.ts";

const REQUESTS = 3_000;

const forwarders = [new RequestForwarder(), new RequestForwarder({ answered: true, exptime: 60 })] as const;

/** One that was sent on, and how many answers it has. */
interface Sent {
  readonly wire: Uint8Array;
  readonly answersMin: number;
  readonly answersMax: number;
}

/** What would disturb others, or is not answered, or as often as the server likes. */
const isLeftOut = ({ command, family }: TextRequestDecoder): boolean =>
  family === "admin" || command === "mn" || command === "quit" || command === "shutdown";

function sentOn(bytes: Uint8Array, forwarder: RequestForwarder, partsFromBytes: number): Sent[] {
  const decoder = new TextRequestDecoder({}, { partsFromBytes });
  const out = new SendBuffer();
  const all: Sent[] = [];
  let isSent = false;
  decoder.receive(bytes);
  for (let found = decoder.next(); found !== "need-data" && found !== "fatal"; found = decoder.next()) {
    if (found === "request" || found === "head") {
      isSent = !isLeftOut(decoder) && forwarder.write(out, decoder) === "written";
    } else if (isSent) out.copy(decoder.bytes, decoder.start, decoder.end);
    if (!isSent || found === "head" || found === "part") continue;
    const isSilent = decoder.noreply && forwarder === forwarders[0];
    all.push({
      wire: out.take(),
      answersMin: isSilent || (decoder.family === "meta" && decoder.quiet) ? 0 : 1,
      answersMax: isSilent ? 0 : 1,
    });
    isSent = false;
  }
  return all;
}

const GOES_ON = new Set<TextReply["kind"]>(["value", "stat", "item", "prefix"]);

withPeer("memcached", () => {
  test("what is sent on is one request to memcached, whatever the client wrote and however it is handed out", async () => {
    await using peer = await startMemcached();
    using dialogue = await Dialogue.connect(peer.endpoint);
    const { numRuns = 0, seed } = fc.readConfigureGlobal() ?? {};
    const all = fc.sample(probes, {
      numRuns: Math.max(REQUESTS, numRuns),
      ...(seed === undefined ? {} : { seed }),
    });
    let asked = 0;
    for (const probe of all) {
      for (const forwarder of forwarders) {
        for (const partsFromBytes of [0, Infinity]) {
          for (const { wire, answersMin, answersMax } of sentOn(probe, forwarder, partsFromBytes)) {
            const replies = await dialogue.quietBytes(wire);
            const answers = replies.filter(({ kind }) => !GOES_ON.has(kind)).length;
            const about = `${JSON.stringify(latin1Text(wire))} answered ${JSON.stringify(replies.map(({ kind }) => kind))}`;
            expect(answers, about).toBeGreaterThanOrEqual(answersMin);
            expect(answers, about).toBeLessThanOrEqual(answersMax);
            asked++;
          }
        }
      }
    }
    expect(asked).toBeGreaterThan(REQUESTS);
  });
});
