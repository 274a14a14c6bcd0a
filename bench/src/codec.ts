// The codec alone, in one process: nanoseconds per message, for each runtime.
//
//     node -C @memwire/source bench/src/codec.ts [words of names: only these cases]
//     bun --conditions=@memwire/source bench/src/codec.ts
//     deno run --conditions=@memwire/source bench/src/codec.ts
//
// Chunks of 64 KiB, as sockets deliver them, each cut where it ends: the last message of one goes on in the next.
// Rounds are short, so that some are left alone by other work on the machine: the fastest is what the code costs,
// the median says how busy the machine was.

import { Buffer } from "node:buffer";
import process from "node:process";
import {
  BinaryReplyDecoder,
  BinaryRequestDecoder,
  REPLY_BYTES,
  REPLY_MAGIC,
  RequestDecoder,
  SendBuffer,
  TextReplyDecoder,
  TextRequestDecoder,
  latin1Bytes,
  latin1Text,
  type BinaryReply,
  type BinaryRequest,
  writeBinaryHeader,
  writeBinaryReply,
  writeBinaryRequest,
  writeValueLine,
} from "@memwire/codec";

const CHUNK_BYTES = 65_536;
const CHUNKS = 4;
const WARM_UP_MS = 300;
const ROUNDS = 150;
const ROUND_MS = 4;

interface Case {
  readonly name: string;
  /** Runs once; answers how many messages that were. */
  readonly run: () => number;
}

/**
 * What the loops read out of messages ends here, so that no compiler may leave the reading away. A small integer where
 * little else is done: larger numbers are objects on V8.
 */
let sink = 0;

/** `message(i)` over and over, cut into chunks; the whole is a number of messages. */
function stream(message: (i: number) => string): Uint8Array[] {
  let text = "";
  for (let i = 0; text.length < CHUNK_BYTES * CHUNKS; i++) text += message(i);
  const bytes = latin1Bytes(text);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) chunks.push(bytes.slice(at, at + CHUNK_BYTES));
  return chunks;
}

function requests(name: string, message: (i: number) => string): Case {
  const chunks = stream(message);
  const decoder = new TextRequestDecoder();
  const run = (): number => {
    let count = 0;
    for (const chunk of chunks) {
      decoder.receive(chunk);
      while (decoder.next() === "request") {
        count++;
        sink += decoder.keyEnd - decoder.keyStart + decoder.valueEnd;
      }
    }
    return count;
  };
  return { name, run };
}

function replies(name: string, message: (i: number) => string): Case {
  const chunks = stream(message);
  const decoder = new TextReplyDecoder();
  const run = (): number => {
    let count = 0;
    for (const chunk of chunks) {
      decoder.receive(chunk);
      while (decoder.next() === "reply") {
        count++;
        sink = (sink + decoder.end - decoder.keyStart) | 0;
      }
    }
    return count;
  };
  return { name, run };
}

/** The same with a view of each value. */
function views(name: string, message: (i: number) => string): Case {
  const chunks = stream(message);
  const decoder = new TextReplyDecoder();
  const run = (): number => {
    let count = 0;
    for (const chunk of chunks) {
      decoder.receive(chunk);
      while (decoder.next() === "reply") {
        count++;
        sink = (sink + decoder.bytes.subarray(decoder.valueStart, decoder.valueEnd).length) | 0;
      }
    }
    return count;
  };
  return { name, run };
}

/** Large values in pieces as they come; a message is a whole value. */
function pieces(name: string, message: (i: number) => string): Case {
  const chunks = stream(message);
  const decoder = new TextReplyDecoder({}, { partsFromBytes: 0 });
  const run = (): number => {
    let count = 0;
    for (const chunk of chunks) {
      decoder.receive(chunk);
      for (let found = decoder.next(); found !== "need-data"; found = decoder.next()) {
        if (found === "part") sink += decoder.partEnd - decoder.partStart;
        else if (found === "tail") count++;
      }
    }
    return count;
  };
  return { name, run };
}

/** The limit: the same bytes with nothing done to them but this; a message is as many bytes. */
function plain(name: string, message: (i: number) => string, touch: (chunk: Buffer) => number): Case {
  const chunks = stream(message).map((chunk) => Buffer.from(chunk.buffer));
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
  const run = (): number => {
    for (const chunk of chunks) sink += touch(chunk);
    return bytes / message(0).length;
  };
  return { name, run };
}

const copied = new Uint8Array(CHUNK_BYTES);
const copy = (chunk: Buffer): number => {
  copied.set(chunk);
  return copied[0] as number;
};
/** No value has a line feed: only line ends stop it. */
const search = (chunk: Buffer): number => {
  let feeds = 0;
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) feeds++;
  return feeds;
};

/** Of binary messages a byte is a character, as of text. */
function binaryRequests(name: string, message: (i: number) => BinaryRequest): Case {
  const chunks = stream((i) => written((out) => writeBinaryRequest(out, message(i))));
  const decoder = new BinaryRequestDecoder();
  const run = (): number => {
    let count = 0;
    for (const chunk of chunks) {
      decoder.receive(chunk);
      while (decoder.next() === "request") {
        count++;
        sink += decoder.keyEnd - decoder.keyStart + decoder.valueEnd + decoder.opaque;
        if (decoder.opcode === "noop") sink++;
      }
    }
    return count;
  };
  return { name, run };
}

/** The same through the decoder that takes both protocols. */
function eitherRequests(name: string, message: (i: number) => BinaryRequest): Case {
  const chunks = stream((i) => written((out) => writeBinaryRequest(out, message(i))));
  const decoder = new RequestDecoder();
  const run = (): number => {
    let count = 0;
    for (const chunk of chunks) {
      decoder.receive(chunk);
      while (decoder.next() === "request") {
        count++;
        sink += decoder.binary.keyEnd - decoder.binary.keyStart + decoder.binary.opaque;
      }
    }
    return count;
  };
  return { name, run };
}

function binaryReplies(name: string, message: (i: number) => BinaryReply): Case {
  const chunks = stream((i) => written((out) => writeBinaryReply(out, message(i))));
  const decoder = new BinaryReplyDecoder();
  const run = (): number => {
    let count = 0;
    for (const chunk of chunks) {
      decoder.receive(chunk);
      while (decoder.next() === "reply") {
        count++;
        if (decoder.status === "ok") sink += decoder.valueEnd - decoder.keyStart + decoder.opaque;
      }
    }
    return count;
  };
  return { name, run };
}

function written(write: (out: SendBuffer) => void): string {
  const out = new SendBuffer();
  write(out);
  return latin1Text(out.take());
}

/** Writes `each` as often as a turn of a busy connection does, then takes it; the network keeps up. */
function sends(name: string, messages: number, each: (out: SendBuffer, i: number) => void): Case {
  const out = new SendBuffer();
  const run = (): number => {
    for (let turn = 0; turn < 100; turn++) {
      for (let i = 0; i < messages; i++) each(out, i);
      sink += out.take().length;
      out.reclaim();
    }
    return 100 * messages;
  };
  return { name, run };
}

const key = (i: number): string => `key:${100_000 + (i % 800_000)}`;
const hundred = "v".repeat(100);
const value =
  (bytes: number) =>
  (i: number): string =>
    `VALUE ${key(i)} 0 ${bytes}\r\n${"v".repeat(bytes)}\r\n`;
const keyBytes = latin1Bytes(key(0));
const valueBytes = latin1Bytes(`${hundred}\r\n`);

const common = (i: number): { opaque: number; cas: bigint; vbucket: number } => ({
  opaque: i,
  cas: 0n,
  vbucket: 0,
});
const binaryKey = (i: number): Uint8Array => latin1Bytes(key(i));
const hundredBytes = latin1Bytes(hundred);
const nothing = new Uint8Array(0);

const cases: readonly Case[] = [
  requests("decode get", (i) => `get ${key(i)}\r\n`),
  requests("decode set, 100 B", (i) => `set ${key(i)} 0 0 100\r\n${hundred}\r\n`),
  requests(
    "decode get, 24 keys",
    (i) => `get ${Array.from({ length: 24 }, (_, k) => key(i + k)).join(" ")}\r\n`,
  ),
  requests(
    "decode get, 1,000 keys",
    (i) => `get ${Array.from({ length: 1_000 }, (_, k) => key(i + k)).join(" ")}\r\n`,
  ),
  requests("decode mg, 4 flags", (i) => `mg ${key(i)} v t O123 k\r\n`),
  requests("decode mg, as a get", (i) => `mg ${key(i)} v\r\n`),
  requests("decode mg, key in base64", () => "mg a2V5OjEwMDAw v b\r\n"),
  requests("decode ms, 100 B, 2 flags", (i) => `ms ${key(i)} 100 T60 F5\r\n${hundred}\r\n`),
  requests("decode incr", (i) => `incr ${key(i)} 1\r\n`),
  replies("decode VALUE, 100 B", value(100)),
  replies("decode VALUE, 100 B, cas", (i) => `VALUE ${key(i)} 0 100 ${1_000_000 + i}\r\n${hundred}\r\n`),
  views("the same with a view of it", value(100)),
  plain("the same bytes, indexOf", value(100), search),
  plain("the same bytes, copied", value(100), copy),
  replies("decode VA, 100 B, 4 flags", (i) => `VA 100 f0 s100 t-1 O${i}\r\n${hundred}\r\n`),
  replies("decode HD, 1 flag", (i) => `HD O${i}\r\n`),
  replies("decode HD", () => "HD\r\n"),
  ...[10_000, 500_000].flatMap((bytes): Case[] => [
    replies(`decode VALUE, ${bytes} B, whole`, value(bytes)),
    pieces(`decode VALUE, ${bytes} B, parts`, value(bytes)),
    plain("the same bytes, indexOf", value(bytes), search),
    plain("the same bytes, copied", value(bytes), copy),
  ]),
  replies("decode VALUE, 100 B, or END", (i) => `VALUE ${key(i)} 0 100\r\n${hundred}\r\nEND\r\n`),
  replies("decode STORED", () => "STORED\r\n"),
  sends("write VALUE, 100 B, and END", 16, (out) => {
    writeValueLine(out, keyBytes, 0, keyBytes.length, 0, 100);
    out.latin1("\r\n");
    out.copy(valueBytes, 0, valueBytes.length);
    out.copy(REPLY_BYTES.end, 0, REPLY_BYTES.end.length);
  }),
  binaryRequests("decode binary get", (i) => ({ opcode: "get", key: binaryKey(i), ...common(i) })),
  eitherRequests("decode binary get, either", (i) => ({ opcode: "get", key: binaryKey(i), ...common(i) })),
  binaryRequests("decode binary set, 100 B", (i) => ({
    opcode: "set",
    key: binaryKey(i),
    flags: 0,
    exptime: 0,
    value: hundredBytes,
    ...common(i),
  })),
  binaryReplies("decode binary hit, 100 B", (i) => ({
    opcode: "get",
    status: "ok",
    opaque: i,
    cas: 2n ** 33n + BigInt(i),
    flags: 0,
    key: nothing,
    value: hundredBytes,
  })),
  binaryReplies("decode binary stored", (i) => ({
    opcode: "set",
    status: "ok",
    opaque: i,
    cas: 2n ** 33n + BigInt(i),
    key: nothing,
    value: nothing,
  })),
  sends("write binary hit, 100 B", 16, (out, i) => {
    writeBinaryHeader(out, REPLY_MAGIC, 0, 0, 4, 0, 0, 100, i, 0, i);
    out.uint32(0);
    out.copy(hundredBytes, 0, hundredBytes.length);
  }),
  sends("write STORED", 16, (out) => out.copy(REPLY_BYTES.stored, 0, REPLY_BYTES.stored.length)),
];

/** Nanoseconds a message over about `forMs`. */
function timed(run: () => number, forMs: number): number {
  const start = performance.now();
  let messages = 0;
  let elapsed = 0;
  while (elapsed < forMs) {
    messages += run();
    elapsed = performance.now() - start;
  }
  return (elapsed / messages) * 1e6;
}

const quantile = (sorted: readonly number[], q: number): string =>
  (sorted[Math.floor((sorted.length - 1) * q)] as number).toFixed(1).padStart(8);

const only = process.argv[2] ?? "";
const chosen = cases.filter(({ name }) => name.includes(only));
for (const { run } of chosen) timed(run, WARM_UP_MS);
console.log(`${navigator.userAgent}, ns a message: fastest round (median)`);
for (const { name, run } of chosen) {
  const rounds = Array.from({ length: ROUNDS }, () => timed(run, ROUND_MS)).toSorted((a, b) => a - b);
  console.log(`${name.padEnd(30)}${quantile(rounds, 0)}  (${quantile(rounds, 0.5)} )`);
}
if (sink === 0) console.log("nothing was decoded");
