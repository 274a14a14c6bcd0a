// The codec beside real memcached, without any server or proxy of ours in between: every reply that memcached gives
// is understood, and every request that is understood keeps memcached in step when a proxy sends it on.

import { connect, type Socket } from "node:net";
import {
  latin1Bytes,
  latin1Text,
  TextReplyDecoder,
  TextRequestDecoder,
  SendBuffer,
  writeReply,
  type TextReply,
} from "@memwire/codec";
import type { Endpoint } from "@memwire/engine";
import fc from "fast-check";
import { expect, test } from "vitest";
import { mutated, nearly, nonsense, request } from "../../codec/test/arbitraries.ts";
import { concat, decodeReplies, encodeRequests, byteByByte, type SeenReply } from "../../codec/test/wire.ts";
import { startMemcached, withPeer } from "../src/mod.ts";

const to = (endpoint: Endpoint): Socket =>
  connect(endpoint.kind === "unix" ? { path: endpoint.path } : endpoint);

/** What the server says first; "" if it closes without a word, or the word is lost with that. */
const firstWords = (socket: Socket): Promise<string> =>
  new Promise((resolve) => {
    socket.once("data", (chunk: Uint8Array) => resolve(latin1Text(chunk)));
    socket.once("error", () => resolve("")).once("close", () => resolve(""));
  });

/** Sends it all, ends, and answers all that comes back. */
function ask(endpoint: Endpoint, bytes: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = to(endpoint);
    const received: Uint8Array[] = [];
    socket.on("data", (chunk: Uint8Array) => received.push(chunk));
    socket.once("error", reject);
    socket.once("close", () => resolve(latin1Bytes(received.map((chunk) => latin1Text(chunk)).join(""))));
    socket.end(bytes);
  });
}

const answers = async (endpoint: Endpoint, asked: string): Promise<TextReply[]> =>
  understood(await ask(endpoint, latin1Bytes(asked)));

/** What memcached answered; writing it again gives the same bytes. */
function understood(bytes: Uint8Array): TextReply[] {
  const seen = decodeReplies([bytes]);
  expect(decodeReplies(byteByByte(bytes))).toEqual(seen);
  const replies = seen.map((one) => {
    if (one.found === "fatal") throw new Error(`${one.fault} in the answer ${latin1Text(bytes)}`);
    return one.reply;
  });
  const out = new SendBuffer();
  for (const reply of replies) writeReply(out, reply);
  expect(latin1Text(out.take())).toBe(latin1Text(bytes));
  return replies;
}

const kinds = (replies: readonly TextReply[]): string[] => replies.map(({ kind }) => kind);
const set = (key: string, value: string): string => `set ${key} 0 0 ${value.length}\r\n${value}\r\n`;

withPeer("memcached", () => {
  test("every reply to a data command is understood and written again as it was", async () => {
    await using peer = await startMemcached();
    const asked: readonly [asked: string, kinds: readonly string[]][] = [
      [set("a", "5"), ["stored"]],
      ["get a b\r\n", ["value", "end"]],
      ["gets a\r\n", ["value", "end"]],
      ["gat 0 a\r\n", ["value", "end"]],
      ["gats 0 a a\r\n", ["value", "value", "end"]],
      ["incr a 18446744073709551610\r\n", ["number"]],
      ["decr a 5\r\n", ["number"]],
      ["decr a 18446744073709551615\r\n", ["number"]],
      ["get a\r\n", ["value", "end"]],
      ["add a 0 0 1\r\nx\r\n", ["not-stored"]],
      ["cas a 0 0 1 1\r\nx\r\n", ["exists"]],
      ["cas b 0 0 1 1\r\nx\r\n", ["not-found"]],
      ["touch a 10\r\n", ["touched"]],
      ["delete a\r\ndelete a\r\n", ["deleted", "not-found"]],
      [`${set("long", "v".repeat(500_000))}get long\r\n`, ["stored", "value", "end"]],
    ];
    for (const [text, expected] of asked)
      expect(kinds(await answers(peer.endpoint, text)), text).toEqual(expected);
  });

  test("every statistic and every other command is understood", async () => {
    await using peer = await startMemcached();
    await answers(peer.endpoint, `stats detail on\r\n${set("a:1", "x")}get a:1\r\n`);
    const endOfStats = ["", "settings", "items", "slabs", "sizes", "conns"];
    for (const argument of endOfStats) {
      const replies = await answers(peer.endpoint, `stats ${argument}\r\n`);
      expect(replies.length, argument).toBeGreaterThan(1);
      expect(new Set(kinds(replies.slice(0, -1))), argument).toEqual(new Set(["stat"]));
      expect(replies.at(-1), argument).toEqual({ kind: "end" });
    }
    expect(kinds(await answers(peer.endpoint, "stats detail dump\r\n"))).toEqual(["prefix", "end"]);
    expect(kinds(await answers(peer.endpoint, "stats cachedump 1 0\r\n"))).toEqual(["item", "end"]);
    expect(kinds(await answers(peer.endpoint, "stats reset\r\nversion\r\n"))).toEqual(["reset", "version"]);
    expect(kinds(await answers(peer.endpoint, "flush_all\r\nverbosity 0\r\n"))).toEqual(["ok", "ok"]);
  });

  test("every error is understood", async () => {
    await using peer = await startMemcached({ args: ["-F"] });
    const asked: readonly [asked: string, TextReply][] = [
      ["nonsense\r\n", { kind: "error", text: "" }],
      ["stats nonsense\r\n", { kind: "error", text: "" }],
      ["shutdown\r\n", { kind: "error", text: ": shutdown not enabled" }],
      [`get ${"k".repeat(251)}\r\n`, { kind: "client-error", text: "bad command line format" }],
      [
        "delete a 5\r\n",
        { kind: "client-error", text: "bad command line format.  Usage: delete <key> [noreply]" },
      ],
      ["set a 0 0 1\r\nxyz", { kind: "client-error", text: "bad data chunk" }],
      ["incr a x\r\n", { kind: "client-error", text: "invalid numeric delta argument" }],
      ["touch a x\r\n", { kind: "client-error", text: "invalid exptime argument" }],
      ["flush_all\r\n", { kind: "client-error", text: "flush_all not allowed" }],
      [
        "set n 0 0 1 noreply\r\nx\r\nincr n 1\r\n",
        { kind: "client-error", text: "cannot increment or decrement non-numeric value" },
      ],
      [set("a", "v".repeat(1_048_576)), { kind: "server-error", text: "object too large for cache" }],
    ];
    for (const [text, reply] of asked) expect(await answers(peer.endpoint, text), text).toEqual([reply]);
  });

  test("every reply to a meta command is understood and written again as it was", async () => {
    await using peer = await startMemcached();
    const asked: readonly [asked: string, kinds: readonly string[]][] = [
      ["ms a 1 T30 c Oabc\r\n5\r\n", ["hd"]],
      ["mg a s v t f c k h l O123\r\n", ["va"]],
      ["mg a t\r\nmg a\r\n", ["hd", "hd"]],
      ["mg YQ== b k v\r\n", ["va"]],
      ["mg b v\r\nmg b O1 k v\r\n", ["en", "en"]],
      ["mg b N30 v t\r\nmg b v\r\n", ["va", "va"]],
      ["ms a 1 ME\r\nx\r\n", ["ns"]],
      ["ms a 1 C999\r\nx\r\nmd a C999\r\n", ["ex", "ex"]],
      ["ma a v t\r\nma a\r\nma none\r\n", ["va", "hd", "nf"]],
      ["md a I T30\r\nmg a v\r\nmd a q\r\nmd a\r\n", ["hd", "va", "nf"]],
      ["me none\r\nms c 3\r\nabc\r\nme c\r\nmn\r\n", ["en", "hd", "me", "mn"]],
      ["mg c v v\r\nms c S1\r\n", ["client-error", "client-error"]],
      ["ms long 3000 s\r\n" + "v".repeat(3_000) + "\r\nmg long s v\r\n", ["hd", "va"]],
    ];
    for (const [text, expected] of asked)
      expect(kinds(await answers(peer.endpoint, text)), text).toEqual(expected);
  });

  test("every reply to an administrator's command is understood and written again as it was", async () => {
    await using peer = await startMemcached();
    await answers(peer.endpoint, set("a%b", "x") + set("c", "y"));
    const asked: readonly [asked: string, kinds: readonly string[]][] = [
      ["slabs reassign 1 1\r\n", ["same"]],
      ["slabs reassign 1 2\r\n", ["nospare"]],
      ["slabs reassign 1 200\r\n", ["badclass"]],
      ["slabs automove 1\r\nslabs automove\r\n", ["ok", "error"]],
      ["lru mode segmented\r\nlru tune 80 80 1 1\r\n", ["ok", "error"]],
      ["lru_crawler disable\r\n", ["ok"]],
      ["lru_crawler metadump all\r\n", ["client-error"]],
      ["lru_crawler enable\r\nlru_crawler crawl 200\r\n", ["ok", "badclass"]],
      ["lru_crawler metadump all\r\n", ["metadump", "metadump", "end"]],
      ["cache_memlimit 4\r\ncache_memlimit 100\r\n", ["memlimit-too-small", "ok"]],
      ["cache_memlimit 2000000000\r\n", ["memlimit-adjust-failed"]],
      ["refresh_certs\r\n", ["refresh-certs-error"]],
      ["config get cluster\r\n", ["error"]],
      ["watch nothing\r\n", ["error"]],
    ];
    for (const [text, expected] of asked) {
      let given = kinds(await answers(peer.endpoint, text));
      // Its own threads may be at the slabs or at crawling, which it calls busy, or an unknown error.
      for (let again = 0; given.join() !== expected.join() && again < 100; again++) {
        await new Promise((resolve) => setTimeout(resolve, 20));
        given = kinds(await answers(peer.endpoint, text));
      }
      expect(given, text).toEqual(expected);
    }
  });

  test("what a watcher is told is understood and written again as it was", async () => {
    await using peer = await startMemcached();
    const watcher = to(peer.endpoint);
    const received: Uint8Array[] = [];
    const seen = (): SeenReply[] => decodeReplies([concat(received)]);
    const told = new Promise<void>((resolve, reject) => {
      watcher.once("error", reject);
      watcher.on("data", (chunk: Uint8Array) => {
        received.push(chunk.slice());
        if (seen().length === 1 && received.length === 1) {
          answers(peer.endpoint, `${set("a", "x")}get a\r\nget none\r\n`).catch(reject);
        }
        if (latin1Text(concat(received)).includes("key=none")) resolve();
      });
    });
    watcher.write("watch fetchers mutations\r\n");
    try {
      await told;
      const found = seen().map((one) => (one.found === "fatal" ? one.fault : one.reply.kind));
      expect(found).toEqual(["ok", "log", "log", "log", "log"]);
    } finally {
      watcher.destroy();
    }
  });

  test("out of memory and out of connections are understood", async () => {
    await using full = await startMemcached({ args: ["-M", "-m", "2"] });
    const storing = Array.from({ length: 100 }, (_, i) => set(`k${i}`, "v".repeat(66_000))).join("");
    expect(await answers(full.endpoint, storing)).toContainEqual({
      kind: "server-error",
      text: "out of memory storing object",
    });
    await using crowded = await startMemcached({ args: ["-c", "64"] });
    const holding: Socket[] = [];
    let words = "MN\r\n";
    try {
      // How many it takes depends on whether it has seen the one who asked if it listens go. He who is turned away
      // may lose the word of it, as his own request is never read.
      while (words === "MN\r\n" || (words === "" && holding.length < 200)) {
        const socket = to(crowded.endpoint);
        holding.push(socket);
        socket.write("mn\r\n");
        words = await firstWords(socket);
      }
      expect(understood(latin1Bytes(words))).toEqual([{ kind: "error", text: "Too many open connections" }]);
    } finally {
      for (const socket of holding) socket.destroy();
    }
  });

  test("what is taken and sent on without its noreply gets one answer each, whatever the client sent", async () => {
    await using peer = await startMemcached();
    const streams = fc.oneof(
      nonsense,
      fc.array(nearly, { maxLength: 6, size: "max" }).map(concat),
      mutated(fc.array(request, { maxLength: 6, size: "max" }).map(encodeRequests)),
      mutated(nonsense),
    );
    await fc.assert(
      fc.asyncProperty(streams, async (bytes) => {
        const decoder = new TextRequestDecoder();
        decoder.receive(bytes);
        const out = new SendBuffer();
        let sent = 0;
        for (let found = decoder.next(); found === "request" || found === "invalid"; found = decoder.next()) {
          if (found === "invalid" || !isSentOn(decoder)) continue;
          out.copy(decoder.bytes, decoder.start, decoder.argumentsEnd);
          out.latin1("\r\n");
          out.copy(decoder.bytes, decoder.lineEnd, decoder.end);
          out.latin1("version\r\n");
          sent++;
        }
        const replies = new TextReplyDecoder();
        replies.receive(await ask(peer.endpoint, out.take()));
        for (let i = 0; i < sent; i++) {
          expect(replies.next()).toBe("reply");
          while (replies.kind === "value") expect(replies.next()).toBe("reply");
          expect(replies.kind).not.toBe("version");
          expect(replies.next()).toBe("reply");
          expect(replies.kind).toBe("version");
        }
        expect(replies.next()).toBe("need-data");
        expect(replies.hasRest).toBe(false);
      }),
      { numRuns: fc.readConfigureGlobal()?.numRuns ?? 300 },
    );
  });
});

/** Whether a proxy sends this on: it answers some commands itself, and refuses NUL, at which memcached stops reading. */
function isSentOn({ family, command, bytes, start, lineEnd }: TextRequestDecoder): boolean {
  if (family !== "classic") return false;
  if (["version", "quit", "stats", "shutdown", "verbosity", "flush_all"].includes(command)) return false;
  return !bytes.subarray(start, lineEnd).includes(0);
}
