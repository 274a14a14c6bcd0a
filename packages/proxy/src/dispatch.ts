// From one client's request to the servers that own its keys, by the protocol that the client speaks.
//
//     get, set, ...            classic-dispatch.ts    split by server, or to the owner as it came
//     mg, ms, md, ma, me       meta-dispatch.ts       to the owner as it came
//     binary                   binary-dispatch.ts     to the owner as a meta request, and its reply back in binary
//     version, verbosity,
//     stats, mn, quit          answered here
//     operators' commands      refused by name
//
// Nothing that is not well formed reaches a server. Hot path.

import { latin1Bytes, refusalReply, REPLY_BYTES, type Protocol } from "@memwire/codec";
import { unreachable } from "@memwire/engine";
import type { ClientLink, Dispatcher, SpareBuffers, Upload, Uploads } from "@memwire/link";
import { BinaryDispatcher } from "./binary-dispatch.ts";
import { ClassicDispatcher } from "./classic-dispatch.ts";
import { MetaDispatcher } from "./meta-dispatch.ts";
import type { Pool } from "./pool.ts";
import { FLUSH_REFUSED, notSupported, SHUTDOWN_REFUSED, statsRefusal, UNKNOWN } from "./refusals.ts";
import { statsReply, type StatLine } from "./stats.ts";

const NOOP_DONE = latin1Bytes("MN\r\n");

export class PoolDispatcher implements Dispatcher {
  readonly protocol: Protocol | undefined;
  readonly #pool: Pool;
  readonly #classic: ClassicDispatcher;
  readonly #meta: MetaDispatcher;
  readonly #binary: BinaryDispatcher;
  readonly #version: Uint8Array;
  readonly #stats: (argument: string) => readonly StatLine[] | null;

  /** @param stats What `stats` tells, or null if the argument is unknown. */
  constructor(
    pool: Pool,
    uploads: Uploads,
    buffers: SpareBuffers,
    version: string,
    stats: (argument: string) => readonly StatLine[] | null,
  ) {
    this.protocol = pool.protocol;
    this.#pool = pool;
    this.#classic = new ClassicDispatcher(pool, uploads, buffers);
    this.#meta = new MetaDispatcher(pool, uploads);
    this.#binary = new BinaryDispatcher(pool, uploads, version, stats);
    this.#version = latin1Bytes(`VERSION ${version}\r\n`);
    this.#stats = stats;
  }

  dispatch(client: ClientLink): void {
    if (client.protocol === "binary") return this.#binary.dispatch(client);
    const { decoder } = client;
    const { command } = decoder;
    switch (command) {
      case "get":
      case "gets":
      case "gat":
      case "gats":
        return this.#classic.retrieve(client);
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
        return this.#classic.forward(client);
      case "mg":
      case "ms":
      case "md":
      case "ma":
      case "me":
        return this.#meta.forward(client, command);
      case "mn":
        return client.answer(NOOP_DONE);
      case "flush_all":
        return this.#pool.flushEnabled ? this.#classic.flush(client) : client.answer(FLUSH_REFUSED);
      case "version":
        return client.answer(this.#version);
      case "verbosity":
        return client.answer(REPLY_BYTES.ok);
      case "stats": {
        const { argument } = decoder.snapshot() as { argument: string };
        const lines = this.#stats(argument);
        return client.answer(lines === null ? statsRefusal(argument) : statsReply(lines));
      }
      case "shutdown":
        return client.answer(SHUTDOWN_REFUSED);
      case "quit":
        return client.finish();
      case "lru_crawler":
      case "lru":
      case "slabs":
      case "cache_memlimit":
      case "watch":
      case "refresh_certs":
      case "extstore":
      case "debugtime":
        return client.refuse(notSupported(command));
      // memcached has no such command, and it is by this answer that clients of ElastiCache see so.
      case "config":
        return client.refuse(UNKNOWN);
      default:
        return unreachable(command);
    }
  }

  begin(client: ClientLink): Upload | null {
    if (client.protocol === "binary") return this.#binary.begin(client);
    return client.decoder.command === "ms" ? this.#meta.begin(client) : this.#classic.begin(client);
  }

  /** memcached drops the old value with a `set` that it refuses: nobody reads it again and takes it for the new. */
  refuse(client: ClientLink): void {
    if (client.protocol === "binary") return this.#binary.refuse(client);
    const { command, family, refusal } = client.decoder;
    const reply = refusalReply(refusal);
    if (refusal === "too-large" && command === "set") this.#classic.refuseValue(client, reply);
    else if (refusal === "too-large" && command === "ms") this.#meta.refuseValue(client, reply);
    else if (family === "admin" && refusal !== "line-too-long") client.answer(notSupported(command));
    else if (reply.length > 0) client.answer(reply);
  }
}
