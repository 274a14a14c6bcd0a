// What decoding allocates: heap growth over 10 million messages, for each runtime.
//
//     node --expose-gc -C @memwire/source bench/src/codec-heap.ts
//     bun --conditions=@memwire/source bench/src/codec-heap.ts
//     deno run -A --v8-flags=--expose-gc --conditions=@memwire/source bench/src/codec-heap.ts
//
// Nothing is collected while it counts, or the line says how often it was (Node): so growth is all that was allocated.
// Where chunks end between replies there is to be none. Where they end within one, its beginning is copied: a view a
// chunk, and a few hundred messages in each.

import { PerformanceObserver } from "node:perf_hooks";
import process from "node:process";
import {
  BinaryRequestDecoder,
  latin1Bytes,
  latin1Text,
  SendBuffer,
  TextReplyDecoder,
  TextRequestDecoder,
  writeBinaryRequest,
} from "@memwire/codec";

const MESSAGES = 10_000_000;
const CHUNK_BYTES = 65_536;
const CHUNKS = 4;

let sink = 0;
let collections = 0;
try {
  new PerformanceObserver((list) => (collections += list.getEntries().length)).observe({
    entryTypes: ["gc"],
  });
} catch {
  // Only Node counts them.
}

const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});
/** Observers are told in a later turn. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

const hundred = "v".repeat(100);
/** What is the same in all decoders. */
interface Decoder {
  receive(chunk: Uint8Array): void;
  next(): string;
  readonly start: number;
  readonly end: number;
  readonly flags: number;
}

interface Case {
  readonly name: string;
  readonly decoder: () => Decoder;
  /** A character for each byte. */
  readonly message: (i: number) => string;
}

const keyOf = (i: number): string => `key:${100_000 + i}`;
const out = new SendBuffer();

function binaryGet(i: number): string {
  writeBinaryRequest(out, { opcode: "getk", key: latin1Bytes(keyOf(i)), opaque: i, vbucket: 0, cas: 0n });
  const text = latin1Text(out.take());
  out.reclaim();
  return text;
}

const reply = (name: string, message: Case["message"]): Case => ({
  name,
  decoder: () => new TextReplyDecoder(),
  message,
});
const request = (name: string, message: Case["message"]): Case => ({
  name,
  decoder: () => new TextRequestDecoder(),
  message,
});

const cases: readonly Case[] = [
  reply("VALUE, 100 B", (i) => `VALUE ${keyOf(i)} 0 100\r\n${hundred}\r\n`),
  reply(
    "VALUE, 100 B, cas",
    (i) => `VALUE ${keyOf(i)} 4294967295 100 18446744073709551615\r\n${hundred}\r\n`,
  ),
  reply("VA, 100 B, 4 flags", (i) => `VA 100 f0 s100 t-1 O${i}\r\n${hundred}\r\n`),
  reply("HD and EN", (i) => `HD O${i}\r\nEN\r\n`),
  reply("STORED and END", () => "STORED\r\nEND\r\n"),
  reply("digits", (i) => `${i}\r\n`),
  request("get", (i) => `get ${keyOf(i)}\r\n`),
  request("get, 24 keys", (i) => `get ${Array.from({ length: 24 }, (_, k) => keyOf(i + k)).join(" ")}\r\n`),
  request("set, 100 B", (i) => `set ${keyOf(i)} 0 60 100\r\n${hundred}\r\n`),
  request("mg, 4 flags", (i) => `mg ${keyOf(i)} v t k O${i}\r\n`),
  request("ms, 100 B, 2 flags", (i) => `ms ${keyOf(i)} 100 T60 F5\r\n${hundred}\r\n`),
  { name: "binary getk", decoder: () => new BinaryRequestDecoder(), message: binaryGet },
];

/** Chunks of whole messages. */
function whole(message: (i: number) => string): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  let i = 0;
  while (chunks.length < CHUNKS) {
    let text = "";
    for (; text.length < CHUNK_BYTES; i++) text += message(i);
    chunks.push(latin1Bytes(text));
  }
  return chunks;
}

/** The same bytes, cut in equal pieces. */
function cut(chunks: readonly Uint8Array[]): Uint8Array[] {
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return Array.from({ length: Math.ceil(bytes.length / CHUNK_BYTES) }, (_, i) =>
    bytes.slice(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
  );
}

function decode(decoder: Decoder, chunks: readonly Uint8Array[], messages: number): number {
  let count = 0;
  while (count < messages) {
    for (const chunk of chunks) {
      decoder.receive(chunk);
      while (decoder.next() !== "need-data") {
        count++;
        // Stays a small integer: a larger number would be an object of its own.
        sink = (sink + decoder.end - decoder.start + decoder.flags) & 0xffff;
      }
    }
  }
  return count;
}

/** Bytes a message by which the heap grew. */
async function grown(decoder: Decoder, chunks: readonly Uint8Array[]): Promise<string> {
  decode(decoder, chunks, 1_000_000);
  collect();
  await turn();
  collections = 0;
  const before = process.memoryUsage().heapUsed;
  const count = decode(decoder, chunks, MESSAGES);
  const bytes = process.memoryUsage().heapUsed - before;
  await turn();
  const collected = collections === 0 ? "" : `, ${collections} collections`;
  return `${(bytes / 1024).toFixed(0)} KiB over ${count} messages${collected}`;
}

console.log(`${navigator.userAgent}, heap growth`);
for (const { name, decoder, message } of cases) {
  const chunks = whole(message);
  const [inWhole, inPieces] = [await grown(decoder(), chunks), await grown(decoder(), cut(chunks))];
  console.log(`${name.padEnd(20)} whole chunks: ${inWhole}; cut chunks: ${inPieces}`);
}
if (sink === 0) console.log("nothing was decoded");
