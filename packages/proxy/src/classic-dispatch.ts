// Classic requests to the servers that own their keys.
//
//     get a b c   -->  server A: get a c      a slot with two fragments; the values of both are joined
//                      server B: get b        under one END, in the order of the keys
//     set k ...   -->  the server of k, as it came; `noreply` stops here, because a server must answer
//                      everything or replies could not be paired
//
// Hot path: a look-up and a copy a key.

import { hasNul, latin1Bytes, type TextRequestDecoder, type SendBuffer } from "@memwire/codec";
import {
  expectedOf,
  type ClientLink,
  type ServerLink,
  type Slot,
  type SpareBuffers,
  type Upload,
  type Uploads,
  type Waiter,
} from "@memwire/link";
import { AskedSlot } from "./asked-slot.ts";
import { KeyOrder } from "./key-order.ts";
import { OrderedPart } from "./ordered-part.ts";
import { OrderedSlot } from "./ordered-slot.ts";
import { PartialSlot } from "./partial-slot.ts";
import type { Pool } from "./pool.ts";
import { BAD_FORMAT } from "./refusals.ts";

const DELETE = latin1Bytes("delete ");
const LINE_END = latin1Bytes("\r\n");

/**
 * Of a `gat` or `gats` that is not there to its end memcached takes no more than that, and closes the connection. A `get`
 * may have any length.
 */
const GAT_LINE_BYTES_MAX = 2_048;

export class ClassicDispatcher {
  readonly #pool: Pool;
  readonly #uploads: Uploads;
  readonly #buffers: SpareBuffers;
  /** Of the request that is being split: the server of each key, and each server once; and of some before it. */
  readonly #owners: ServerLink[] = [];
  readonly #asked: ServerLink[] = [];
  readonly #spareParts: OrderedPart[] = [];
  readonly #spareOrders: KeyOrder[] = [];

  constructor(pool: Pool, uploads: Uploads, buffers: SpareBuffers) {
    this.#pool = pool;
    this.#uploads = uploads;
    this.#buffers = buffers;
  }

  /** A request for one key, to its server. */
  forward(client: ClientLink): void {
    const { decoder } = client;
    const { bytes, start, keyStart, keyEnd, argumentsEnd, lineEnd, end } = decoder;
    if (hasNul(bytes, keyStart, keyEnd)) return client.answer(BAD_FORMAT);
    const server = this.#pool.owner(bytes, keyStart, keyEnd);
    const refusal = this.#pool.overload(client, 1) ?? server.refusal();
    if (refusal !== null) return client.answer(refusal.line);
    const { output } = server;
    output.copy(bytes, start, argumentsEnd);
    output.copy(LINE_END, 0, 2);
    output.copy(bytes, lineEnd, end);
    const slot = client.slot("line", decoder.noreply);
    server.push(slot, expectedOf(decoder.command));
    slot.done();
  }

  /** The same for one whose value comes in parts. @returns null if it is answered already */
  begin(client: ClientLink): Upload | null {
    const { decoder } = client;
    const { bytes, start, keyStart, keyEnd, argumentsEnd } = decoder;
    if (hasNul(bytes, keyStart, keyEnd)) return (client.answer(BAD_FORMAT), null);
    const server = this.#pool.owner(bytes, keyStart, keyEnd);
    const refusal = this.#pool.overload(client, 1) ?? server.refusal();
    if (refusal !== null) return (client.answer(refusal.line), null);
    const expected = expectedOf(decoder.command);
    const slot = client.slot("line", decoder.noreply);
    const upload = this.#uploads.begin(server, client, slot, expected);
    upload.head.copy(bytes, start, argumentsEnd);
    upload.head.copy(LINE_END, 0, 2);
    return upload;
  }

  /** A `set` was refused for its value: what is stored under its key must go. */
  refuseValue(client: ClientLink, reply: Uint8Array): void {
    const { bytes, keyStart, keyEnd, noreply } = client.decoder;
    if (hasNul(bytes, keyStart, keyEnd)) return client.answer(reply);
    const server = this.#pool.owner(bytes, keyStart, keyEnd);
    if (server.refusal() !== null) return client.answer(reply);
    server.output.copy(DELETE, 0, DELETE.length);
    server.output.copy(bytes, keyStart, keyEnd);
    server.output.copy(LINE_END, 0, 2);
    const slot = client.slot("all", noreply);
    slot.refuse(reply);
    server.push(slot, "deleted");
    slot.done();
  }

  /** A request for any number of keys, each from its server. */
  retrieve(client: ClientLink): void {
    const { decoder } = client;
    const { bytes, keyCount, keyOffsets } = decoder;
    for (let i = 0; i < keyCount; i++) {
      if (hasNul(bytes, keyOffsets[i * 2] as number, keyOffsets[i * 2 + 1] as number)) {
        return client.answer(BAD_FORMAT);
      }
    }
    const overload = this.#pool.overload(client, keyCount);
    if (overload !== null) return client.answer(overload.line);
    if (keyCount === 1 && decoder.command === "get") return this.#get(client, decoder);
    const owners = this.#owners;
    let isSplit = false;
    for (let i = 0; i < keyCount; i++) {
      const from = keyOffsets[i * 2] as number;
      const server = this.#pool.owner(bytes, from, keyOffsets[i * 2 + 1] as number);
      owners[i] = server;
      if (server !== owners[0]) isSplit = true;
    }
    if (isSplit) this.#split(client, decoder);
    else this.#ask(client, owners[0] as ServerLink, decoder);
  }

  /** All keys of one server. */
  #ask(client: ClientLink, server: ServerLink, decoder: TextRequestDecoder): void {
    const refusal = server.refusal();
    if (refusal !== null) return client.answer(refusal.line);
    const { bytes, keyCount, keyOffsets } = decoder;
    const slot = client.push(new AskedSlot(client, decoder));
    let lineBytes = writeCommand(server, decoder);
    for (let i = 0; i < keyCount; i++) {
      const from = keyOffsets[i * 2] as number;
      const to = keyOffsets[i * 2 + 1] as number;
      if (isFull(decoder, lineBytes, to - from)) {
        endLine(server, slot);
        lineBytes = writeCommand(server, decoder);
      }
      lineBytes += writeKey(server, bytes, from, to);
    }
    endLine(server, slot);
    slot.done();
  }

  /** Keys of several servers. */
  #split(client: ClientLink, decoder: TextRequestDecoder): void {
    const { bytes, keyCount, keyOffsets } = decoder;
    const owners = this.#owners;
    const asked = this.#asked;
    let servers = 0;
    const slot = this.#orderedSlot(client);
    const { order } = slot;
    const keysStart = keyOffsets[0] as number;
    order.begin(bytes, keysStart, keyOffsets[keyCount * 2 - 1] as number);
    for (let i = 0; i < keyCount; i++) {
      const from = keyOffsets[i * 2] as number;
      const to = keyOffsets[i * 2 + 1] as number;
      const server = owners[i] as ServerLink;
      let part = server.splitting as OrderedPart | null; // nobody else splits
      if (part === null) {
        part = this.#spareParts.pop() ?? new OrderedPart(this.#spareParts, this.#buffers);
        slot.begin(part);
        server.splitting = part;
        server.refusing = server.refusal();
        asked[servers++] = server;
        if (server.refusing === null) part.lineBytes = writeCommand(server, decoder);
      }
      part.key(i);
      order.add(part, from - keysStart, to - keysStart);
      if (server.refusing !== null) continue;
      if (isFull(decoder, part.lineBytes, to - from)) {
        endLine(server, part);
        part.lineBytes = writeCommand(server, decoder);
      }
      part.lineBytes += writeKey(server, bytes, from, to);
    }
    for (let i = 0; i < servers; i++) askPart(asked[i] as ServerLink);
    slot.done();
  }

  #orderedSlot(client: ClientLink): OrderedSlot {
    const pool = this.#pool;
    const spare = this.#spareOrders;
    const order = spare.pop() ?? new KeyOrder();
    return client.push(
      pool.partialResults === "error"
        ? new OrderedSlot(client, order, spare)
        : new PartialSlot(client, order, spare, pool),
    );
  }

  #get(client: ClientLink, { bytes, keyStart, keyEnd }: TextRequestDecoder): void {
    const server = this.#pool.owner(bytes, keyStart, keyEnd);
    const refusal = server.refusal();
    if (refusal !== null) return client.answer(refusal.line);
    const slot = client.slot("values", false);
    server.get(slot, bytes, keyStart, keyEnd);
    slot.done();
  }

  flush(client: ClientLink): void {
    const { decoder } = client;
    const slot = client.slot("all", decoder.noreply);
    flushServers(this.#pool, slot, decoder.exptime);
    slot.done();
  }
}

/** Asks every server of a pool to forget everything, in so many seconds. */
export function flushServers(pool: Pool, slot: Slot, exptime: number): void {
  for (const server of pool.servers) {
    const refusal = server.refusal();
    if (refusal !== null) {
      slot.refuse(refusal.line);
      continue;
    }
    server.output.latin1("flush_all");
    writeExptime(server.output, exptime);
    server.output.copy(LINE_END, 0, 2);
    server.push(slot, "flushed");
  }
}

function askPart(server: ServerLink): void {
  const { refusing, splitting } = server;
  const part = splitting as OrderedPart;
  server.splitting = null;
  if (refusing === null) return endLine(server, part);
  part.asked();
  part.fail(refusing);
}

/** The command word, and the exptime of gat and gats. @returns how many bytes that is */
function writeCommand({ output }: ServerLink, { command, exptime }: TextRequestDecoder): number {
  const { length } = output;
  output.latin1(command);
  if (command === "gat" || command === "gats") writeExptime(output, exptime);
  return output.length - length;
}

function writeKey({ output }: ServerLink, bytes: Uint8Array, from: number, to: number): number {
  output.byte(32);
  output.copy(bytes, from, to);
  return 1 + to - from;
}

function isFull({ command }: TextRequestDecoder, lineBytes: number, keyBytes: number): boolean {
  if (command === "get" || command === "gets") return false;
  return lineBytes + 1 + keyBytes + LINE_END.length > GAT_LINE_BYTES_MAX;
}

function endLine(server: ServerLink, waiter: Waiter): void {
  server.output.copy(LINE_END, 0, 2);
  server.push(waiter, "values");
}

/** Beyond 2^53 s, which is further away than the sun will last, it is as good as 2^53. */
function writeExptime(output: SendBuffer, exptime: number): void {
  output.latin1(exptime < 0 ? " -" : " ");
  output.decimal(Math.min(Math.abs(exptime), Number.MAX_SAFE_INTEGER));
}
