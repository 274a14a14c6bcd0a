// Classic requests to the servers that own their keys.
//
//     get a b c   -->  server A: get a c      a slot with two fragments; the values of both are joined
//                      server B: get b        under one END
//     set k ...   -->  the server of k, as it came; `noreply` stops here, because a server must answer
//                      everything or replies could not be paired
//
// Hot path: a look-up and a copy a key.

import { hasNul, latin1Bytes, type TextRequestDecoder, type SendBuffer } from "@memwire/codec";
import { expectedOf, Slot, type ClientLink, type ServerLink, type Upload, type Uploads } from "@memwire/link";
import { PartialSlot } from "./partial-slot.ts";
import type { Pool } from "./pool.ts";
import { BAD_FORMAT } from "./refusals.ts";

const DELETE = latin1Bytes("delete ");
const LINE_END = latin1Bytes("\r\n");

export class ClassicDispatcher {
  readonly #pool: Pool;
  readonly #uploads: Uploads;
  /** Servers of the request that is being split, and behind those what is left of an earlier one. */
  readonly #asked: ServerLink[] = [];

  constructor(pool: Pool, uploads: Uploads) {
    this.#pool = pool;
    this.#uploads = uploads;
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
    const asked = this.#asked;
    let servers = 0;
    const slot = this.#valuesSlot(client, keyCount);
    for (let i = 0; i < keyCount; i++) {
      const from = keyOffsets[i * 2] as number;
      const to = keyOffsets[i * 2 + 1] as number;
      const server = this.#pool.owner(bytes, from, to);
      if (server.splitting !== slot) {
        server.splitting = slot;
        server.refusing = server.refusal();
        asked[servers++] = server;
        if (server.refusing === null) writeCommand(server.output, decoder);
      }
      if (server.refusing !== null) continue;
      server.output.byte(32);
      server.output.copy(bytes, from, to);
    }
    for (let i = 0; i < servers; i++) ask(asked[i] as ServerLink, slot);
    slot.done();
  }

  #valuesSlot(client: ClientLink, keyCount: number): Slot {
    const pool = this.#pool;
    if (keyCount === 1 || pool.partialResults === "error") return client.slot("values", false);
    return client.push(new PartialSlot(client, pool));
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

function ask(server: ServerLink, slot: Slot): void {
  const { refusing } = server;
  server.splitting = null;
  if (refusing === null) {
    server.output.copy(LINE_END, 0, 2);
    server.push(slot, "values");
    return;
  }
  slot.asked();
  slot.fail(refusing);
}

/** The command word, and the exptime of gat and gats. */
function writeCommand(output: SendBuffer, { command, exptime }: TextRequestDecoder): void {
  output.latin1(command);
  if (command === "gat" || command === "gats") writeExptime(output, exptime);
}

/** Beyond 2^53 s, which is further away than the sun will last, it is as good as 2^53. */
function writeExptime(output: SendBuffer, exptime: number): void {
  output.latin1(exptime < 0 ? " -" : " ");
  output.decimal(Math.min(Math.abs(exptime), Number.MAX_SAFE_INTEGER));
}
