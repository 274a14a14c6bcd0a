// A memcached server without I/O.
//
//     client --bytes--> RequestDecoder --request--> commands on the Store --replies--> SendBuffer --send--> client
//
// A client that does not take its replies is asked nothing more: above `unsentBytesMax` its input waits, paused,
// until they are taken. Half-close answers everything, then closes. Hot path.

import { latin1Bytes } from "@memwire/codec";
import {
  type CloseCause,
  type Command,
  type ConnectionId,
  type Engine,
  type ListenerId,
  type Millis,
  Outbox,
} from "@memwire/engine";
import type { Store } from "@memwire/store";
import { carryOutBinary, refuseBinary } from "./binary-commands.ts";
import { Connection } from "./connection.ts";
import { type Context, contextOf } from "./context.ts";
import type { ServerCounters } from "./counters.ts";
import type { ServerOptions, ServerSettings } from "./options.ts";
import { goOn } from "./retrieval.ts";
import type { TextAuthentication } from "./text-authentication.ts";
import { carryOutText, refuseText } from "./text-commands.ts";

const TOO_MANY_CONNECTIONS = latin1Bytes("ERROR Too many open connections\r\n");

export class ServerEngine implements Engine {
  readonly #context: Context;
  readonly #outbox: Outbox;
  readonly #connections: Map<ConnectionId, Connection> = new Map();
  /** Turned away, and not yet closed. Nobody listens to them. */
  readonly #rejected: Map<ConnectionId, Connection> = new Map();
  #lastId: ConnectionId = 0;
  #draining = false;
  #deadline: Millis = Infinity;

  /**
   * @throws RangeError for a limit that is not a whole number from 1, a version that is not one line, a protocol that
   * does not go with the authentication, or a user without a name or a password
   */
  constructor(options: ServerOptions = {}) {
    this.#context = contextOf(options);
    this.#outbox = this.#context.outbox;
  }

  get counters(): Readonly<ServerCounters> {
    return this.#context.counters;
  }

  get store(): Store {
    return this.#context.store;
  }

  /** What it was made with, defaults included. */
  get settings(): ServerSettings {
    return this.#context.settings;
  }

  /** Takes no more commands, gives clients `drainMs` to take their replies, closes every connection. */
  drain(now: Millis): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#deadline = now + this.#context.settings.limits.drainMs;
    for (const connection of this.#connections.values()) {
      if (connection.rest === undefined) this.#outbox.finish(connection.port);
    }
  }

  accepted(now: Millis, _via: ListenerId): ConnectionId {
    const { counters, settings } = this.#context;
    this.#context.startedAt ??= now;
    const id = ++this.#lastId;
    const connection = new Connection(id, settings, this.#outbox, this.#context.pool);
    if (this.#draining) {
      this.#outbox.abort(connection.port);
    } else if (counters.currConnections >= settings.limits.connectionsMax) {
      counters.rejectedConnections++;
      this.#rejected.set(id, connection);
      connection.output.copy(TOO_MANY_CONNECTIONS, 0, TOO_MANY_CONNECTIONS.length);
      this.#outbox.finish(connection.port);
    } else {
      counters.currConnections++;
      counters.totalConnections++;
      this.#connections.set(id, connection);
    }
    return id;
  }

  connected(id: ConnectionId, _now: Millis): void {
    throw new RangeError(`a server connects to nobody, got connection ${id}`);
  }

  received(id: ConnectionId, chunk: Uint8Array, now: Millis): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    this.#context.counters.bytesRead += chunk.length;
    if (connection.port.state !== "open" || this.#draining) return;
    const { door } = connection;
    connection.decoder.receive(door === undefined ? chunk : this.#letIn(connection, door, chunk));
    if (connection.blocked) connection.decoder.keep();
    else this.#serve(connection, now);
  }

  ended(id: ConnectionId, now: Millis): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    connection.ended = true;
    if (!connection.blocked) this.#serve(connection, now);
  }

  drained(id: ConnectionId, now: Millis): void {
    const connection = this.#connections.get(id) ?? this.#rejected.get(id);
    if (connection === undefined) return;
    this.#outbox.drained(connection.port);
    if (connection.blocked) this.#serve(connection, now);
  }

  closed(id: ConnectionId, _cause: CloseCause, _now: Millis): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) {
      this.#rejected.delete(id);
      return;
    }
    this.#outbox.forget(connection.port);
    this.#connections.delete(id);
    this.#context.counters.currConnections--;
  }

  elapsed(now: Millis): void {
    const { store } = this.#context;
    if (now >= store.maintenanceAt) store.maintain(now);
    if (now < this.#deadline) return;
    this.#deadline = Infinity;
    for (const connections of [this.#connections, this.#rejected]) {
      for (const { port } of connections.values()) this.#outbox.abort(port);
    }
  }

  /** `Infinity` but while draining, or while there are items. */
  get deadline(): Millis {
    return Math.min(this.#deadline, this.#context.store.maintenanceAt);
  }

  poll(): Command | undefined {
    const command = this.#outbox.poll();
    if (command !== undefined && command.kind === "send") {
      this.#context.counters.bytesWritten += command.bytes.length;
    }
    return command;
  }

  /** Answers what has been received, as far as the client takes it. */
  #serve(connection: Connection, now: Millis): void {
    const { decoder, output, port } = connection;
    const { unsentBytesMax } = this.#context.settings.limits;
    while (port.state === "open" && output.length <= unsentBytesMax) {
      if (connection.rest !== undefined) {
        if (goOn(this.#context, connection.rest, output, now)) connection.rest = undefined;
        continue;
      }
      if (this.#draining) return this.#outbox.finish(port);
      switch (decoder.next()) {
        case "request":
          if (decoder.protocol === "binary") carryOutBinary(this.#context, connection, now);
          else carryOutText(this.#context, connection, now);
          continue;
        case "invalid":
          if (decoder.protocol === "binary") refuseBinary(this.#context, connection, now);
          else refuseText(this.#context, connection, now);
          continue;
        case "head":
        case "part":
        case "tail":
          continue; // no value is asked for in parts
        case "fatal":
          if (decoder.protocol === "binary") return refuseBinary(this.#context, connection, now);
          return this.#outbox.finish(port);
        case "need-data":
          return this.#hasAnsweredAll(connection);
      }
    }
    if (port.state !== "open") return;
    decoder.keep();
    this.#outbox.touch(port);
    if (connection.blocked) return;
    connection.blocked = true;
    this.#context.counters.pauses++;
    this.#outbox.order({ kind: "pause", id: port.id });
  }

  /** Shows a chunk to what stands before the commands. @returns what of it is for these */
  #letIn(connection: Connection, door: TextAuthentication, chunk: Uint8Array): Uint8Array {
    const used = door.receive(chunk, connection.output, this.#context.counters);
    if (door.state === "open") connection.door = undefined;
    if (door.state === "closed") this.#outbox.finish(connection.port);
    return chunk.subarray(used);
  }

  #hasAnsweredAll(connection: Connection): void {
    const { port } = connection;
    if (connection.ended) return this.#outbox.finish(port);
    if (connection.output.length > 0) this.#outbox.touch(port);
    if (!connection.blocked) return;
    connection.blocked = false;
    this.#outbox.order({ kind: "resume", id: port.id });
  }
}
