// The server over a network that loses datagrams, doubles them and lets them overtake each other: whoever asks again
// until it is answered gets the right answer, and nobody another one's.

import { DatagramJoiner, latin1Text, SendBuffer, writeDatagramHeader } from "@memwire/codec";
import { simulate } from "@memwire/adapter-memory";
import { drive } from "@memwire/engine";
import { ServerEngine } from "@memwire/server";
import { expect, test } from "vitest";

const SERVER = { host: "server", port: 11211 };
const KEYS = 200;
const ROUNDS_MAX = 40;

/** Of up to four datagrams. */
const valueOf = (key: number): string => String.fromCharCode(97 + (key % 26)).repeat((key * 37) % 5_000);

for (const seed of [1, 2, 3, 4, 5]) {
  test(`whoever asks again until it is answered is answered right, with seed ${seed}`, async () => {
    const simulation = simulate({ seed, datagramLoss: 0.2, datagramEcho: 0.2, latencyMs: [0, 20] });
    const driver = drive(new ServerEngine(), simulation.host("server"), simulation.clock);
    await simulation.settle(driver.bind(SERVER));
    const joiner = new DatagramJoiner();
    const answers = new Map<number, string>();
    const received = (_from: unknown, bytes: Uint8Array): void => {
      if (joiner.receive(bytes) !== "whole") return;
      const text = latin1Text(joiner.bytes, joiner.start, joiner.end);
      // Datagrams come twice, and so do answers: then they are the same.
      expect(answers.get(joiner.requestId) ?? text).toBe(text);
      answers.set(joiner.requestId, text);
    };
    const client = await simulation.settle(
      simulation.host("client").bind({ host: "client", port: 1 }, { received }),
    );
    const ask = (requestId: number, text: string): void => {
      const out = new SendBuffer();
      writeDatagramHeader(out, requestId);
      out.latin1(text);
      client.send(SERVER, out.take());
    };
    /** Asks for every key, those without an answer again. @returns how often */
    const askAll = (firstId: number, textOf: (key: number) => string): number => {
      for (let round = 1; round <= ROUNDS_MAX; round++) {
        const open = Array.from({ length: KEYS }, (_, key) => key).filter(
          (key) => !answers.has(firstId + key),
        );
        if (open.length === 0) return round - 1;
        for (const key of open) ask(firstId + key, textOf(key));
        simulation.advance(100);
      }
      return Infinity;
    };
    const rounds = [
      askAll(0, (key) => `set k${key} ${key} 0 ${valueOf(key).length}\r\n${valueOf(key)}\r\n`),
      askAll(KEYS, (key) => `get k${key}\r\n`),
    ];
    for (const count of rounds) {
      expect(count).toBeGreaterThan(1); // something was lost
      expect(count).toBeLessThan(ROUNDS_MAX);
    }
    for (let key = 0; key < KEYS; key++) {
      const value = valueOf(key);
      expect(answers.get(key)).toBe("STORED\r\n");
      expect(answers.get(KEYS + key)).toBe(`VALUE k${key} ${key} ${value.length}\r\n${value}\r\nEND\r\n`);
    }
    await simulation.settle(driver.close());
  });
}
