// From one client's request to an answer at once, and a key in the queue.
//
//     set add replace append prepend   -->  STORED,  the key into the queue, the value nowhere
//     delete                           -->  DELETED, the key into the queue
//     version, stats, quit             -->  as memcached
//     any other command                -->  CLIENT_ERROR that names it and says what is taken
//     anything else                    -->  ERROR that says what is taken
//
// Hot path: a key's text and a look-up a write; for a new key its owner.

import { hasNul, latin1Bytes, refusalReply, REPLY_BYTES, type CommandName } from "@memwire/codec";
import { unreachable } from "@memwire/engine";
import type { ClientLink, Dispatcher } from "@memwire/link";
import type { InvalidationContext } from "./context.ts";
import type { Deleter } from "./deleter.ts";
import type { InvalidationOptions } from "./options.ts";

const BAD_FORMAT = refusalReply("bad-format");
const TAKEN =
  "this program acknowledges set, add, replace, append, prepend and delete and deletes their keys in the fleet";
const UNKNOWN = latin1Bytes(`ERROR unknown command: ${TAKEN}\r\n`);
const QUEUE_FULL = latin1Bytes("SERVER_ERROR invalidation queue is full\r\n");

const { stored: STORED, deleted: DELETED } = REPLY_BYTES;

export class InvalidationDispatcher implements Dispatcher {
  readonly protocol = "text";
  readonly #context: InvalidationContext;
  readonly #deleters: readonly Deleter[];
  readonly #distribution: InvalidationOptions["distribution"];
  readonly #version: Uint8Array;
  /** Writes the whole of `stats`. */
  readonly #stats: () => Uint8Array;
  /** The bytes of the key at hand. */
  readonly #codes: number[] = [];

  constructor(
    context: InvalidationContext,
    deleters: readonly Deleter[],
    distribution: InvalidationOptions["distribution"],
    stats: () => Uint8Array,
  ) {
    this.#context = context;
    this.#deleters = deleters;
    this.#distribution = distribution;
    this.#version = latin1Bytes(`VERSION ${context.version}\r\n`);
    this.#stats = stats;
  }

  dispatch(client: ClientLink): void {
    const { command } = client.decoder;
    switch (command) {
      case "set":
      case "add":
      case "replace":
      case "append":
      case "prepend":
        return this.#write(client, STORED);
      case "delete":
        return this.#write(client, DELETED);
      case "version":
        return client.answer(this.#version);
      case "stats": {
        const { valueStart, valueEnd } = client.decoder;
        return valueStart === valueEnd ? client.answer(this.#stats()) : this.#refuse(client, UNKNOWN);
      }
      case "quit":
        return client.finish();
      case "get":
      case "gets":
      case "gat":
      case "gats":
      case "cas":
      case "incr":
      case "decr":
      case "touch":
      case "flush_all":
      case "verbosity":
      case "shutdown":
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
        return this.#refuse(client, notTaken(command));
      default:
        return unreachable(command);
    }
  }

  refuse(client: ClientLink): void {
    const { bytes, command, family, keyStart, keyEnd, refusal } = client.decoder;
    // No meta command is taken, well formed or not.
    const isUnknown = family === "meta" || refusal === "unknown-command";
    const reply = isUnknown ? UNKNOWN : refusalReply(refusal);
    // memcached drops the old value with a `set` that it refuses: that is a write as well.
    const isWrite = command === "set" && refusal === "too-large";
    if (isWrite && !hasNul(bytes, keyStart, keyEnd)) this.#take(client);
    if (reply.length > 0) client.answer(reply);
  }

  #write(client: ClientLink, reply: Uint8Array): void {
    const { bytes, keyStart, keyEnd } = client.decoder;
    if (hasNul(bytes, keyStart, keyEnd)) this.#refuse(client, BAD_FORMAT);
    else client.answer(this.#take(client) ? reply : QUEUE_FULL);
  }

  #refuse(client: ClientLink, reply: Uint8Array): void {
    this.#context.counters.requestsInvalid++;
    client.answer(reply);
  }

  /** Takes the current request's key into the queue. @returns false if that is full */
  #take({ decoder }: ClientLink): boolean {
    const { queue, writes, now } = this.#context;
    const { bytes, keyStart, keyEnd } = decoder;
    const text = this.#text(bytes, keyStart, keyEnd);
    const known = queue.find(text);
    if (known !== undefined) {
      writes.writes++;
      if (!queue.rewrite(known, now)) writes.coalesced++;
      return true;
    }
    const owner = this.#distribution.owner(bytes, keyStart, keyEnd);
    const deleter = this.#deleters[owner] as Deleter;
    if (!queue.hasRoom(text.length)) {
      writes.refused++;
      deleter.counters.refused++;
      return false;
    }
    writes.writes++;
    queue.add(owner, text, now);
    deleter.sendWaiting();
    return true;
  }

  /** In one call: joined character by character it would be a chain of pieces, which takes twice the time. */
  #text(bytes: Uint8Array, start: number, end: number): string {
    const codes = this.#codes;
    codes.length = end - start;
    for (let i = start; i < end; i++) codes[i - start] = bytes[i] as number;
    return String.fromCharCode.apply(null, codes);
  }
}

/** The answer to a command that this program has no use for. */
function notTaken(command: CommandName): Uint8Array {
  return latin1Bytes(`CLIENT_ERROR ${command} is not taken here: ${TAKEN}\r\n`);
}
