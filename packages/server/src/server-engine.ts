// A memcached server without I/O.
//
//     client --bytes--> RequestDecoder --request--> commands on the Store --replies--> SendBuffer --send--> client
//
// Connections come and go here, and time passes; what they ask is answered by the `ConnectionDesk`, and datagrams by
// the `DatagramDesk`. Half-close answers everything, then closes. Hot path.

import { latin1Bytes, type Protocol } from "@memwire/codec";
import {
  type CloseCause,
  type Command,
  type ConnectionId,
  type DatagramAddress,
  type Endpoint,
  type Engine,
  type ListenerId,
  type Millis,
  Outbox,
  type SendTo,
  type SocketId,
} from "@memwire/engine";
import type { Store } from "@memwire/store";
import { Connection } from "./connection.ts";
import { ConnectionDesk } from "./connection-desk.ts";
import { type Context, contextOf, transcriptOf } from "./context.ts";
import type { ServerCounters } from "./counters.ts";
import { DatagramDesk } from "./datagram-desk.ts";
import { refuseOther, type ServerOptions, type ServerSettings } from "./options.ts";
import { noteConnection, observe } from "./admin/observation.ts";
import { QuietConnections } from "./quiet-connections.ts";
import { giveUp, sayThatItLeft } from "./stuck-connections.ts";
import { forgetWorker, hearWorker, tellWorkers } from "./workers/worker-messages.ts";
import type { WorkerMessage } from "./workers/worker-relay.ts";

/** Numbers below this are of listeners, above of connections, as memcached's are all of one kind. */
const LISTENERS_MAX = 64;

const TOO_MANY_CONNECTIONS = latin1Bytes("ERROR Too many open connections\r\n");

export class ServerEngine implements Engine {
  readonly #context: Context;
  readonly #outbox: Outbox;
  readonly #connections: Map<ConnectionId, Connection>;
  readonly #desk: ConnectionDesk;
  readonly #datagrams: DatagramDesk;
  /** Turned away, and not yet closed. Nobody listens to them. */
  readonly #rejected: Map<ConnectionId, Connection> = new Map();
  readonly #quiet: QuietConnections;
  #lastId: ConnectionId;
  /** No two workers of a server have a connection of the same name. */
  readonly #idStep: number;
  #deadline: Millis = Infinity;

  /**
   * @throws RangeError for a limit that is not a whole number from 1, a version that is not one line, a protocol that
   * does not go with the authentication, or a user without a name or a password
   */
  constructor(options: ServerOptions = {}) {
    this.#context = contextOf(options);
    this.#outbox = this.#context.outbox;
    this.#connections = this.#context.connections;
    this.#quiet = new QuietConnections(this.#context.settings.limits);
    this.#desk = new ConnectionDesk(this.#context);
    this.#datagrams = new DatagramDesk(this.#context);
    const { worker = 0, workers = 1 } = this.#context.settings.workers ?? {};
    this.#idStep = workers;
    this.#lastId = LISTENERS_MAX + worker - workers;
    this.#context.relay.tell({ kind: "began" });
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
    if (this.#desk.draining) return;
    this.#desk.answerGathered();
    this.#desk.draining = true;
    this.#deadline = now + this.#context.settings.limits.drainMs;
    for (const connection of this.#connections.values()) {
      const { rest } = connection;
      if (rest === undefined || rest === "watching") this.#outbox.finish(connection.port);
    }
  }

  /** Tells where connections that come `via` a listener were accepted: for `stats conns`, and for watchers. */
  listening(via: ListenerId, endpoint: Endpoint): void {
    if (via < LISTENERS_MAX) this.#context.listeners.set(via, endpoint);
  }

  /**
   * Has connections that come `via` a listener speak this protocol, whatever others speak. To be told before the
   * first of them.
   *
   * @throws RangeError for one that does not go with the authentication
   */
  speaking(via: ListenerId, protocol: "auto" | Protocol): void {
    const { authentication } = this.#context.settings;
    refuseOther(protocol, authentication);
    this.#context.protocols.set(via, protocol);
  }

  /**
   * Another worker of the same server has told something. What it leads to is polled for as after an input.
   *
   * @param worker That worker's number: what it is told alone by, and forgotten.
   */
  toldByWorker(worker: number, message: WorkerMessage, now: Millis): void {
    this.#desk.answerGathered();
    hearWorker(this.#context, worker, message, now);
    this.#desk.surveyed();
  }

  /** Another worker is dead: it watches nothing any more, and nothing is under way to it. */
  forgetWorker(worker: number, now: Millis): void {
    this.#desk.answerGathered();
    forgetWorker(this.#context, worker, now);
    this.#desk.surveyed();
  }

  /** @param peer Where it comes from, if the host knows. */
  accepted(now: Millis, via: ListenerId, peer?: Endpoint): ConnectionId {
    this.#desk.answerGathered();
    const { counters } = this.#context;
    this.#context.startedAt ??= now;
    const id = (this.#lastId += this.#idStep);
    const connection = new Connection(id, this.#context, now, via, peer);
    if (this.#desk.draining) {
      this.#outbox.abort(connection.port);
    } else if (!this.#hasRoom()) {
      counters.rejectedConnections++;
      this.#rejected.set(id, connection);
      connection.output.copy(TOO_MANY_CONNECTIONS, 0, TOO_MANY_CONNECTIONS.length);
      this.#outbox.finish(connection.port);
    } else {
      counters.currConnections++;
      counters.totalConnections++;
      this.#connections.set(id, connection);
      this.#quiet.watch(connection, now);
      noteConnection(this.#context, connection, "conn_new", now);
      transcriptOf(this.#context)?.accepted(connection);
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
    this.#desk.received(connection, chunk, now);
  }

  ended(id: ConnectionId, now: Millis): void {
    const connection = this.#connections.get(id);
    if (connection !== undefined) this.#desk.ended(connection, now);
  }

  drained(id: ConnectionId, now: Millis): void {
    const connection = this.#connections.get(id) ?? this.#rejected.get(id);
    if (connection === undefined) return;
    connection.activeAt = now;
    this.#outbox.drained(connection.port);
    this.#desk.drained(connection);
  }

  closed(id: ConnectionId, cause: CloseCause, now: Millis): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) {
      this.#rejected.delete(id);
      return;
    }
    this.#desk.answerGathered();
    if (cause !== "closed") sayThatItLeft(this.#context, connection, cause);
    this.#outbox.forget(connection.port);
    connection.output.abandon();
    this.#quiet.forget(connection);
    this.#connections.delete(id);
    this.#desk.forget(connection);
    this.#context.counters.currConnections--;
    this.#context.settings.workers?.leave();
    if (connection.rest === "watching") {
      this.#context.watchers.remove(connection);
      observe(this.#context);
    }
    if (cause !== "closed") connection.closing = "error";
    noteConnection(this.#context, connection, "conn_close", now);
    transcriptOf(this.#context)?.closed(connection);
    this.#context.decoders.end(connection);
  }

  arrived(socket: SocketId, from: DatagramAddress, bytes: Uint8Array, now: Millis): void {
    if (this.#desk.draining) return;
    this.#desk.answerGathered();
    const { debugClock } = this.#context;
    this.#context.startedAt ??= now;
    this.#datagrams.arrived(socket, from, bytes, debugClock === undefined ? now : debugClock.at(now));
  }

  elapsed(now: Millis): void {
    this.#desk.answerGathered();
    const { store, debugClock } = this.#context;
    const time = debugClock === undefined ? now : debugClock.at(now);
    this.#context.now = time;
    if (time >= store.maintenanceAt) store.maintain(time);
    this.#outbox.release();
    this.#desk.goOn(now);
    if (now >= this.#context.survey.deadline) {
      this.#context.survey.late(now);
      this.#desk.surveyed();
    }
    if (now >= this.#quiet.nextAt)
      for (const connection of this.#quiet.late(now)) giveUp(this.#context, connection, now);
    this.#makeRoom(now);
    if (now < this.#deadline) return;
    this.#deadline = Infinity;
    for (const connections of [this.#connections, this.#rejected]) {
      for (const { port } of connections.values()) this.#outbox.abort(port);
    }
  }

  /** `-Infinity` while somebody has more to be done. */
  get deadline(): Millis {
    if (this.#desk.hasMore || this.#outbox.holds) return -Infinity;
    const { store, debugClock } = this.#context;
    const { maintenanceAt } = store;
    return Math.min(
      this.#deadline,
      this.#context.survey.deadline,
      this.#quiet.nextAt,
      this.#context.replyRoom.deadline,
      this.#context.uploads.deadline,
      debugClock === undefined ? maintenanceAt : debugClock.hostTime(maintenanceAt),
    );
  }

  poll(): Command | SendTo | undefined {
    this.#desk.answerGathered();
    const { workers } = this.#context.settings;
    const command = this.#outbox.poll() ?? this.#datagrams.poll();
    if (workers !== undefined) {
      // Before the first reply leaves, and with what was sent when the last one has.
      if (this.#desk.isNews) workers.publish(this.#context.counters);
      else if (command === undefined) workers.publishWritten(this.#context.counters);
      this.#desk.isNews = command === undefined;
    }
    if (command === undefined) tellWorkers(this.#context);
    else if (command.kind === "send" || command.kind === "send-to") {
      this.#context.counters.bytesWritten += command.bytes.length;
    }
    return command;
  }

  /** Connections that hold much and are stuck go, where others need the room. */
  #makeRoom(now: Millis): void {
    const { replyRoom, uploads, connections } = this.#context;
    const stuck = [
      ...(now >= replyRoom.deadline ? replyRoom.stuck(connections.values(), now) : []),
      ...(now >= uploads.deadline ? uploads.elapsed(connections.values(), now) : []),
    ];
    for (const connection of stuck) giveUp(this.#context, connection, now);
  }

  #hasRoom(): boolean {
    const { settings, counters } = this.#context;
    const { connectionsMax } = settings.limits;
    return settings.workers?.enter(connectionsMax) ?? counters.currConnections < connectionsMax;
  }
}
