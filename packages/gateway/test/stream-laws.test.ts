// Streams from both sides: what nodes have handed out, and what the client has read.

import { expect, test } from "vitest";
import fc from "fast-check";
import { Chance } from "@memwire/adapter-memory";
import { bench } from "./bench.ts";
import { MessageNodes } from "./message-nodes.ts";

const decoder = new TextDecoder();

interface Line {
  readonly node?: string;
  readonly value?: string;
}

/** Counts what one piece brings, node by node, and answers its messages. */
function receive(nodes: MessageNodes, piece: Uint8Array | undefined): readonly string[] {
  const messages: string[] = [];
  for (const text of decoder.decode(piece).split("\n")) {
    if (text === "") continue;
    const { node, value } = JSON.parse(text) as Line;
    if (node === undefined || value === undefined) continue;
    (nodes.received[nodes.names.indexOf(node)] as number)++;
    messages.push(value);
  }
  return messages;
}

const numbered = (nodes: number, messages: number): string[][] =>
  Array.from({ length: nodes }, (_, node) => Array.from({ length: messages }, (_, i) => `${node}:${i}`));

test("3 nodes x 10,000 messages arrive merged, each once, and never more than one a node is under way", async () => {
  const queues = numbered(3, 10_000);
  const nodes = new MessageNodes(queues);
  const { ask, client, lines } = bench();
  client.names = nodes.names;
  client.node = nodes.answer;
  const seen = new Set<string>();
  const lastOf = [-1, -1, -1];
  let outOfOrder = 0;
  let most = 0;
  const response = await ask("GET", "/stream/t");
  for await (const piece of response.body as ReadableStream<Uint8Array>) {
    most = Math.max(most, piece.length);
    for (const message of receive(nodes, piece)) {
      seen.add(message);
      const [node = 0, i = 0] = message.split(":").map(Number);
      if (i !== (lastOf[node] as number) + 1) outOfOrder++;
      lastOf[node] = i;
    }
  }
  expect(seen.size).toBe(30_000);
  expect(outOfOrder).toBe(0);
  expect(nodes.violations).toEqual([]);
  expect(nodes.received).toEqual([10_000, 10_000, 10_000]);
  expect(most).toBeLessThan(200); // three messages
  expect(lines).toMatchObject([{ status: 200, messages: 30_000, inFlight: 0 }]);
});

test("a client that goes at any point loses at most one message a node, and the log has the number", async () => {
  const lost = { handedOut: 0, received: 0, inFlight: 0, messages: 0 };
  const chance = new Chance(7);
  for (let run = 0; run < 200; run++) {
    const it = bench();
    const { simulation, client, lines } = it;
    const nodes = new MessageNodes(numbered(3, 1_000), (answer) => {
      simulation.clock.at(simulation.clock.now() + chance.between([0, 20]), answer);
    });
    client.names = nodes.names;
    client.node = nodes.answer;
    const abort = new AbortController();
    const response = await it.ask("GET", "/stream/t?follow", { signal: abort.signal });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const reads = chance.below(20);
    for (let i = 0; i < reads; i++) receive(nodes, (await simulation.settle(reader.read())).value);
    // Now and then while a read is pending, now and then between two.
    const pending = chance.happens(0.5) ? reader.read() : undefined;
    for (let step = chance.below(5); step > 0; step--) await Promise.resolve();
    if (chance.happens(0.5)) abort.abort();
    const gone = reader.cancel();
    receive(nodes, (await pending)?.value);
    await gone;
    abort.abort();
    const asked = [...nodes.asked];
    simulation.run();
    for (let step = 0; step < 20; step++) await Promise.resolve();
    expect(nodes.asked, "asked after the client had gone").toEqual(asked);
    expect(nodes.violations).toEqual([]);
    for (const [i, handedOut] of nodes.handedOut.entries()) {
      expect(handedOut - (nodes.received[i] as number)).toBeLessThanOrEqual(1);
      lost.handedOut += handedOut;
      lost.received += nodes.received[i] as number;
    }
    expect(lines).toMatchObject([{ status: 499 }]);
    lost.inFlight += lines[0]?.inFlight ?? 0;
    lost.messages += lines[0]?.messages ?? 0;
  }
  expect(lost.messages).toBe(lost.received);
  expect(lost.inFlight).toBe(lost.handedOut - lost.received);
  expect(lost.inFlight).toBeGreaterThan(100);
});

test("whatever nodes have, and however late they answer, all of it comes once", () => {
  const queue = fc.array(fc.string({ unit: "grapheme" }), { maxLength: 20 });
  return fc.assert(
    fc.asyncProperty(
      fc.array(queue, { minLength: 1, maxLength: 5 }),
      fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 20 }),
      async (queues, delays) => {
        const it = bench();
        const { simulation, client } = it;
        let at = 0;
        const nodes = new MessageNodes(queues, (answer) => {
          simulation.clock.at(simulation.clock.now() + (delays[at++ % delays.length] as number), answer);
        });
        client.names = nodes.names;
        client.node = nodes.answer;
        const messages: string[] = [];
        const response = await it.ask("GET", "/stream/t");
        const reader = (response.body as ReadableStream<Uint8Array>).getReader();
        for (;;) {
          const { done, value } = await simulation.settle(reader.read());
          if (done) break;
          messages.push(...receive(nodes, value));
        }
        expect(messages.toSorted()).toEqual(queues.flat().toSorted());
        expect(nodes.violations).toEqual([]);
      },
    ),
  );
});
