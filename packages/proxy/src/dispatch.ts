// From one client's request to the servers that own its keys.
//
//     get a b c   -->  server A: get a c      a slot with two fragments; the values of both are joined
//                      server B: get b        under one END
//     set k ...   -->  the server of k, as it came; `noreply` stops here, because a server must answer
//                      everything or replies could not be paired
//     version, verbosity, stats, quit         answered here
//     meta and admin commands                 ERROR, as any unknown word
//
// Nothing that is not well formed reaches a server. Hot path: a look-up and a copy a key.

import {
  hasNul,
  latin1Bytes,
  refusalReply,
  REPLY_BYTES,
  type TextRequestDecoder,
  type SendBuffer,
} from "@memwire/codec";
import { unreachable } from "@memwire/engine";
import { expectedOf, type ClientLink, type Dispatcher, type ServerLink, type Slot } from "@memwire/link";
import type { Pool } from "./pool.ts";

const BAD_FORMAT = latin1Bytes("CLIENT_ERROR bad command line format\r\n");
const FLUSH_REFUSED = latin1Bytes("CLIENT_ERROR flush_all not allowed\r\n");
const SHUTDOWN_REFUSED = latin1Bytes("SERVER_ERROR: shutdown not enabled\r\n");
const DELETE = latin1Bytes("delete ");
const LINE_END = latin1Bytes("\r\n");

export class PoolDispatcher implements Dispatcher {
  readonly unknown: Uint8Array = refusalReply("unknown-command");
  readonly #pool: Pool;
  readonly #version: Uint8Array;
  /** Servers of the request that is being split. */
  readonly #asked: ServerLink[] = [];
  /** Writes the whole of `stats`, or null if the argument is unknown. */
  readonly #stats: (argument: string) => Uint8Array | null;

  constructor(pool: Pool, version: string, stats: (argument: string) => Uint8Array | null) {
    this.#pool = pool;
    this.#version = latin1Bytes(`VERSION ${version}\r\n`);
    this.#stats = stats;
  }

  dispatch(client: ClientLink): void {
    const { decoder } = client;
    const { command } = decoder;
    switch (command) {
      case "get":
      case "gets":
      case "gat":
      case "gats":
        return this.#retrieve(client, decoder);
      case "set":
      case "add":
      case "replace":
      case "append":
      case "prepend":
      case "cas":
      case "delete":
      case "incr":
      case "decr":
      case "touch":
        return this.#forward(client, decoder);
      case "flush_all":
        return this.#pool.flushEnabled ? this.#flush(client, decoder) : client.answer(FLUSH_REFUSED);
      case "version":
        return client.answer(this.#version);
      case "verbosity":
        return client.answer(REPLY_BYTES.ok);
      case "stats": {
        const { argument } = decoder.snapshot() as { argument: string };
        return client.answer(this.#stats(argument) ?? this.unknown);
      }
      case "shutdown":
        return client.answer(SHUTDOWN_REFUSED);
      case "quit":
        return client.finish();
      case "mg":
      case "ms":
      case "md":
      case "ma":
      case "mn":
      case "me":
      case "lru_crawler":
      case "lru":
      case "slabs":
      case "cache_memlimit":
      case "watch":
      case "refresh_certs":
      case "extstore":
      case "config":
      case "debugtime":
        return client.refuse(this.unknown);
      default:
        return unreachable(command);
    }
  }

  #forward(client: ClientLink, decoder: TextRequestDecoder): void {
    const { bytes, start, keyStart, keyEnd, argumentsEnd, lineEnd, end } = decoder;
    if (hasNul(bytes, keyStart, keyEnd)) return client.answer(BAD_FORMAT);
    const server = this.#pool.owner(bytes, keyStart, keyEnd);
    const refusal = server.refusal();
    if (refusal !== null) return client.answer(refusal.line);
    const { output } = server;
    output.copy(bytes, start, argumentsEnd);
    output.copy(LINE_END, 0, 2);
    output.copy(bytes, lineEnd, end);
    const slot = client.slot("line", decoder.noreply);
    server.push(slot, expectedOf(decoder.command));
    slot.done();
  }

  /** memcached drops the old value with a `set` that it refuses: nobody reads it again and takes it for the new. */
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

  #retrieve(client: ClientLink, decoder: TextRequestDecoder): void {
    const { bytes, keyCount, keyOffsets } = decoder;
    for (let i = 0; i < keyCount; i++) {
      if (hasNul(bytes, keyOffsets[i * 2] as number, keyOffsets[i * 2 + 1] as number)) {
        return client.answer(BAD_FORMAT);
      }
    }
    if (keyCount === 1 && decoder.command === "get") return this.#get(client, decoder);
    const slot = client.slot("values", false);
    const asked = this.#asked;
    for (let i = 0; i < keyCount; i++) {
      const from = keyOffsets[i * 2] as number;
      const to = keyOffsets[i * 2 + 1] as number;
      const server = this.#pool.owner(bytes, from, to);
      if (server.splitting !== slot) {
        server.splitting = slot;
        server.refusing = server.refusal();
        asked.push(server);
        if (server.refusing === null) writeCommand(server.output, decoder);
      }
      if (server.refusing !== null) continue;
      server.output.byte(32);
      server.output.copy(bytes, from, to);
    }
    for (let i = 0; i < asked.length; i++) this.#ask(asked[i] as ServerLink, slot);
    asked.length = 0;
    slot.done();
  }

  #get(client: ClientLink, { bytes, keyStart, keyEnd }: TextRequestDecoder): void {
    const server = this.#pool.owner(bytes, keyStart, keyEnd);
    const refusal = server.refusal();
    if (refusal !== null) return client.answer(refusal.line);
    const slot = client.slot("values", false);
    server.get(slot, bytes, keyStart, keyEnd);
    slot.done();
  }

  #ask(server: ServerLink, slot: Slot): void {
    server.splitting = null;
    if (server.refusing !== null) return slot.refuse(server.refusing.line);
    server.output.copy(LINE_END, 0, 2);
    server.push(slot, "values");
  }

  #flush(client: ClientLink, decoder: TextRequestDecoder): void {
    const slot = client.slot("all", decoder.noreply);
    for (const server of this.#pool.servers) {
      const refusal = server.refusal();
      if (refusal !== null) {
        slot.refuse(refusal.line);
        continue;
      }
      server.output.latin1("flush_all");
      writeExptime(server.output, decoder.exptime);
      server.output.copy(LINE_END, 0, 2);
      server.push(slot, "flushed");
    }
    slot.done();
  }
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
