// The server over real UDP: the recorded dialogues, a datagram a step, and the same datagrams to real memcached.

import { openAdapter } from "@memwire/adapter";
import { DatagramJoiner, latin1Bytes, latin1Text, SendBuffer, writeDatagramHeader } from "@memwire/codec";
import { type DatagramAddress, type DatagramSocket, drive } from "@memwire/engine";
import { ServerEngine } from "@memwire/server";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { onFreePort, startMemcached, withPeer } from "../src/mod.ts";
import { match } from "../src/server/expectation.ts";
import { bytesOf, scenariosOf, type Step } from "../src/server/scenario.ts";
import { engineExemptions } from "./server-harness.ts";

const ANSWERS_WITHIN_MS = 10_000;
const HOST = "127.0.0.1";

const { network, clock } = await openAdapter();

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** Asks by datagrams. What comes back for a request is known to be all when a later request is answered. */
class UdpAsker {
  readonly #socket: DatagramSocket;
  readonly #server: DatagramAddress;
  readonly #joiner: DatagramJoiner;
  /** Whole replies by the id of their request. */
  readonly #replies: Map<number, string[]>;
  #requestId = 0;

  private constructor(
    socket: DatagramSocket,
    server: DatagramAddress,
    joiner: DatagramJoiner,
    replies: Map<number, string[]>,
  ) {
    this.#socket = socket;
    this.#server = server;
    this.#joiner = joiner;
    this.#replies = replies;
  }

  static async open(server: DatagramAddress): Promise<UdpAsker> {
    const joiner = new DatagramJoiner();
    const replies = new Map<number, string[]>();
    const received = (_from: DatagramAddress, bytes: Uint8Array): void => {
      if (joiner.receive(bytes) !== "whole") return;
      const of = replies.get(joiner.requestId) ?? [];
      of.push(latin1Text(joiner.bytes, joiner.start, joiner.end));
      replies.set(joiner.requestId, of);
    };
    const socket = await network.bind({ host: HOST, port: 0 }, { received });
    return new UdpAsker(socket, server, joiner, replies);
  }

  /** The replies to a request, in the order in which they came. */
  async ask(request: Uint8Array): Promise<string[]> {
    const asked = this.#send(request);
    await turn(); // on Deno, what is sent in one turn may leave in another order
    const fence = this.#send(latin1Bytes("version\r\n"));
    const deadline = clock.now() + ANSWERS_WITHIN_MS;
    while (!this.#replies.has(fence) && clock.now() < deadline) await turn();
    expect(this.#replies.get(fence)?.length, "the answer to the request behind it").toBe(1);
    expect(this.#joiner.replies).toBe(0);
    return this.#replies.get(asked) ?? [];
  }

  #send(request: Uint8Array): number {
    this.#requestId = (this.#requestId + 1) & 0xffff;
    const out = new SendBuffer();
    writeDatagramHeader(out, this.#requestId);
    out.copy(request, 0, request.length);
    this.#socket.send(this.#server, out.take());
    return this.#requestId;
  }

  close(): Promise<void> {
    return this.#socket.close();
  }
}

const TOO_LARGE = "the request is too large for a datagram";
const IN_PIECES = "the request is in several pieces, and a datagram knows nothing of the one before";

/** Dialogues that are not to be had, or are answered otherwise, over UDP. */
const exemptions: readonly { readonly reason: string; readonly tests: readonly string[] }[] = [
  ...engineExemptions,
  {
    reason: TOO_LARGE,
    tests: [
      "classic/value-100k",
      "binary/value-100k",
      "meta/ms-too-large",
      "malformed/add-too-large",
      "malformed/set-too-large-noreply",
    ],
  },
  {
    reason: IN_PIECES,
    tests: [
      "classic/two-writes",
      "classic/split-crlf",
      "binary/split-header",
      "malformed/no-newline-get-9000-then-end",
    ],
  },
];

const reasons: ReadonlyMap<string, string> = new Map(
  exemptions.flatMap(({ reason, tests }) => tests.map((name) => [name, reason] as const)),
);

describe("the recorded dialogues, over UDP", () => {
  let asker: UdpAsker;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const driver = drive(new ServerEngine(), network, clock);
    const { address } = await driver.bind({ host: HOST, port: 0 });
    asker = await UdpAsker.open(address);
    stop = async () => {
      await asker.close();
      await driver.close();
    };
  });
  afterAll(() => stop());

  for (const file of ["classic", "meta", "malformed", "binary"] as const) {
    for (const scenario of scenariosOf(file)) {
      const reason = reasons.get(scenario.name);
      test(scenario.name, async (context) => {
        context.skip(reason !== undefined, reason);
        await asker.ask(latin1Bytes("flush_all\r\n"));
        const older = await play(asker, scenario.steps);
        if (older === undefined) return;
        await asker.ask(latin1Bytes("flush_all\r\n"));
        const newer = scenario.steps_1_6_45 ?? scenario.steps;
        expect(await play(asker, newer), older).toBeUndefined();
      });
    }
  }
});

/** @returns what was different, if anything */
async function play(asker: UdpAsker, steps: readonly Step[]): Promise<string | undefined> {
  const cas = new Map<string, string>();
  for (const { send, expect: answer, sleep = 0 } of steps) {
    if (sleep > 0) await new Promise((resolve) => setTimeout(resolve, sleep * 1_000));
    const replies = await asker.ask(bytesOf(send, cas));
    if (match(replies.join(""), answer, cas) !== "whole") {
      return `to ${JSON.stringify(send)} ${JSON.stringify(replies)} instead of ${JSON.stringify(answer)}`;
    }
  }
  return undefined;
}

/** Whole requests, several in a datagram. */
const someRequests: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc
        .tuple(fc.constantFrom("set", "add", "append"), key(), fc.integer({ min: 0, max: 4_000 }))
        .map(([command, name, length]) => `${command} ${name} 0 0 ${length}\r\n${"v".repeat(length)}\r\n`),
      fc.array(key(), { minLength: 1, maxLength: 8 }).map((keys) => `get ${keys.join(" ")}\r\n`),
      key().map((name) => `mg ${name} v k f\r\n`),
      key().map((name) => `delete ${name}\r\n`),
      key().map((name) => `delete ${name} noreply\r\n`),
      fc.constantFrom("mn\r\n", "nonsense\r\n", "incr number 7\r\n"),
    ),
    { minLength: 1, maxLength: 5 },
  )
  .map((requests) => requests.join(""));

function key(): fc.Arbitrary<string> {
  return fc.constantFrom("a", "b", "c", "d", "e");
}

withPeer("memcached", () => {
  test("random datagrams get the replies of real memcached, each of its own", async () => {
    await using peer = await onFreePort((port) =>
      startMemcached({ port, args: ["-t", "1", "-U", `${port}`] }),
    );
    if (peer.endpoint.kind !== "tcp") throw new TypeError("expected tcp");
    const driver = drive(new ServerEngine(), network, clock);
    const theirs = await UdpAsker.open({ host: HOST, port: peer.endpoint.port });
    const ours = await UdpAsker.open((await driver.bind({ host: HOST, port: 0 })).address);
    for (const asker of [theirs, ours]) await asker.ask(latin1Bytes("set number 0 0 1\r\n1\r\n"));
    await fc.assert(
      fc.asyncProperty(someRequests, async (text) => {
        const request = latin1Bytes(text);
        expect(await ours.ask(request)).toEqual(await theirs.ask(request));
      }),
      { numRuns: 200 },
    );
    await theirs.close();
    await ours.close();
    await driver.close();
  });
});
