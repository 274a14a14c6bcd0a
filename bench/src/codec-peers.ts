// Reading replies, beside the parsers that npm has, in one process and in turns, on Node, Bun and Deno:
//
//     node -C @memwire/source bench/src/codec-peers.ts [--rounds 40]
//
// Hits with values of 100 B, of gets of one key and of 24, in chunks of 64 KiB, as sockets deliver them. Of each value a
// view is taken (memcache-parser copies it, node-memcached makes a text of it: that is how they hand it out). memjs reads
// the binary protocol, in which every get has one key; the others text, with an END behind each get. A figure is the fastest of the rounds, which is what the code costs
// when nothing else runs, and the median behind it says how busy the machine was.
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { latin1Bytes, TextReplyDecoder } from "@memwire/codec";
import { type Runtime, runtimeCommand } from "@memwire/conformance";
import { MemcacheParser, type ParserPendingData } from "memcache-parser";
import Memcached from "memcached";
import { Server } from "memjs/lib/memjs/server.js";
import { collect } from "./in-turn.ts";

const CHUNK_BYTES = 65_536;
const CHUNKS = 64;
const VALUE_BYTES = 100;
const KEYS_A_GET: readonly number[] = [1, 24];
const ROUND_MS = 30;
/** What lets a program collect its garbage. */
const COLLECTS: Readonly<Record<Runtime, readonly string[]>> = {
  node: ["--expose-gc"],
  bun: [],
  deno: ["--v8-flags=--expose-gc"],
};

/** Reads all chunks; answers how many values that were. */
type Reader = (chunks: readonly Buffer[]) => number;

const isBun = "Bun" in globalThis;
let sink = 0;

/** `message(i)` over and over, cut into chunks, and whole at the end: a number of gets. */
function stream(keysAGet: number, message: (i: number) => Uint8Array): Buffer[] {
  const messages: Uint8Array[] = [];
  for (let i = 0, bytes = 0; bytes < CHUNK_BYTES * CHUNKS || i % keysAGet > 0; i++) {
    const made = message(i);
    messages.push(made);
    bytes += made.length;
  }
  const all = Buffer.concat(messages);
  const chunks: Buffer[] = [];
  for (let at = 0; at < all.length; at += CHUNK_BYTES) {
    chunks.push(Buffer.from(all.subarray(at, at + CHUNK_BYTES)));
  }
  return chunks;
}

const keyOf = (i: number): string => `key:${String(i % 10_000).padStart(6, "0")}`;

const textOf = (keysAGet: number): Buffer[] =>
  stream(keysAGet, (i) => {
    const end = (i + 1) % keysAGet === 0 ? "END\r\n" : "";
    return latin1Bytes(`VALUE ${keyOf(i)} 0 ${VALUE_BYTES}\r\n${"v".repeat(VALUE_BYTES)}\r\n${end}`);
  });

const binary = stream(1, (i) => {
  const key = Buffer.from(keyOf(i));
  const head = Buffer.alloc(28);
  head.writeUInt8(0x81, 0);
  head.writeUInt8(4, 4);
  head.writeUInt32BE(4 + VALUE_BYTES, 8);
  head.writeUInt32BE(i % 1_000, 12);
  return Buffer.concat([head, Buffer.alloc(VALUE_BYTES, key)]);
});

function memwire(takesView: boolean): Reader {
  const decoder = new TextReplyDecoder();
  const views = new Views();
  return (chunks) => {
    let values = 0;
    for (const chunk of chunks) {
      decoder.receive(chunk);
      while (decoder.next() === "reply") {
        if (decoder.kind !== "value") continue;
        values++;
        sink += takesView ? views.valueOf(decoder).length : decoder.valueEnd - decoder.valueStart;
      }
    }
    return values;
  };
}

/**
 * Views of what a decoder reads, made as each engine does it fastest. Asking an array for its buffer costs as much as a
 * quarter of a view; on Bun `subarray` is cheaper all the same.
 */
class Views {
  #bytes: Uint8Array = new Uint8Array(0);
  #buffer: ArrayBufferLike = this.#bytes.buffer;
  #start = 0;

  valueOf({ bytes, valueStart, valueEnd }: TextReplyDecoder): Uint8Array {
    if (isBun) return bytes.subarray(valueStart, valueEnd);
    if (bytes !== this.#bytes) {
      this.#bytes = bytes;
      this.#buffer = bytes.buffer;
      this.#start = bytes.byteOffset;
    }
    return new Uint8Array(this.#buffer, this.#start + valueStart, valueEnd - valueStart);
  }
}

/** As memcache-client makes one of it. */
class CountingParser extends MemcacheParser {
  values = 0;

  override processCmd(tokens: string[]): number {
    if (tokens[0] === "VALUE") this.initiatePending(tokens, Number(tokens[3]));
    return 1;
  }

  override receiveResult(result: ParserPendingData): void {
    this.values++;
    sink += result.data?.length ?? 0;
  }
}

function memcacheParser(): Reader {
  const quiet = (): void => {};
  return (chunks) => {
    const parser = new CountingParser({ debug: quiet, info: quiet, warn: quiet, error: quiet });
    for (const chunk of chunks) parser.onData(chunk);
    return parser.values;
  };
}

function memjs(): Reader {
  return (chunks) => {
    const server = new Server("127.0.0.1", 0);
    let values = 0;
    server.respond = ({ val }) => {
      values++;
      sink += val.length;
    };
    for (const chunk of chunks) server.responseHandler(chunk);
    return values;
  };
}

type Found = Readonly<Record<string, string>>;

function nodeMemcached(): Reader {
  const client = new Memcached("127.0.0.1:1") as unknown as {
    buffer(socket: object, data: string): void;
  };
  return (chunks) => {
    let values = 0;
    const asked = {
      start: 0,
      multi: true,
      callback: (_error: unknown, found: Found | readonly Found[]) => {
        for (const each of [found].flat()) {
          for (const key in each) {
            values++;
            sink += (each[key] as string).length;
          }
        }
      },
    };
    const metaData = Object.assign([asked], { shift: () => asked });
    const socket = { responseBuffer: "", bufferArray: [] as string[], metaData };
    // It sets its sockets to UTF-8, so Node makes the text.
    for (const chunk of chunks) client.buffer(socket, chunk.toString("latin1"));
    return values;
  };
}

const subjects: readonly (readonly [name: string, reader: Reader, reads: "text" | "binary"])[] = [
  ["memwire, offsets", memwire(false), "text"],
  ["memwire, a view", memwire(true), "text"],
  ["memjs (binary)", memjs(), "binary"],
  ["memcache-parser", memcacheParser(), "text"],
  ["node-memcached", nodeMemcached(), "text"],
];

function nsAValue(reader: Reader, chunks: readonly Buffer[]): number {
  let values = 0;
  const began = performance.now();
  let took = 0;
  do {
    values += reader(chunks);
    took = performance.now() - began;
  } while (took < ROUND_MS);
  return (took * 1e6) / values;
}

function measure(rounds: number, keysAGet: number): void {
  const text = textOf(keysAGet);
  const expected = memwire(false)(text);
  const runs = subjects.map(([name, reader, reads]) => {
    const chunks = reads === "text" ? text : binary;
    const read = reader(chunks);
    if (reads === "text" && read !== expected) throw new Error(`${name} read ${read} of ${expected} values`);
    nsAValue(reader, chunks);
    return { name, reader, chunks, figures: new Array<number>() };
  });
  for (let round = 0; round < rounds; round++) {
    for (const { reader, chunks, figures } of runs) {
      collect(); // or one would collect another's garbage
      figures.push(nsAValue(reader, chunks));
    }
  }
  for (const { figures } of runs) figures.sort((a, b) => a - b);
  const view = runs[1]?.figures[0] as number;
  console.log(`gets of ${keysAGet}           ns  (median)   million/s   times ours with a view`);
  for (const { name, figures } of runs) {
    const ns = figures[0] as number;
    const median = figures[rounds >> 1] as number;
    console.log(
      `${name.padEnd(18)} ${ns.toFixed(1).padStart(7)} ${`(${median.toFixed(1)})`.padStart(9)} ` +
        `${(1_000 / ns).toFixed(2).padStart(11)} ${(ns / view).toFixed(2).padStart(12)}`,
    );
  }
  if (sink === 0) throw new Error("nothing was read");
}

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "40" }, here: { type: "boolean", default: false } },
});
if (values.here) for (const keysAGet of KEYS_A_GET) measure(Number(values.rounds), keysAGet);
else {
  for (const runtime of ["node", "bun", "deno"] satisfies Runtime[]) {
    const [command, ...before] = runtimeCommand(runtime) as [string, ...string[]];
    const own = before.toSpliced(runtime === "deno" ? 1 : 0, 0, ...COLLECTS[runtime]);
    console.log(`\n${runtime}`);
    const args = [...own, fileURLToPath(import.meta.url), "--here", "--rounds", values.rounds];
    const { status } = spawnSync(command, args, { stdio: "inherit" });
    if (status !== 0) process.exitCode = 1;
  }
}
process.exit();
