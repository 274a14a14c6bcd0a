// A memcached server without I/O.
//
//     client --bytes--> RequestDecoder --request--> commands on the Store --replies--> SendBuffer --send--> client
//
// A client that does not take its replies is asked nothing more: above `unsentBytesMax` its input waits, paused,
// until they are taken. After `requestsPerTurn` commands in a turn, with more at hand, a client waits for the next one,
// and others come first; so does one that was paused and has taken its replies. Half-close answers everything, then
// closes. Hot path.

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
import { carryOutBinary, refuseBinary } from "./binary/binary-commands.ts";
import { Connection } from "./connection.ts";
import { type Context, contextOf } from "./context.ts";
import type { ServerCounters } from "./counters.ts";
import type { Decoders } from "./decoders.ts";
import { DatagramDesk } from "./datagram-desk.ts";
import { refuseOther, type ServerOptions, type ServerSettings } from "./options.ts";
import { ItemWalk } from "./admin/item-walk.ts";
import { noteConnection, observe } from "./admin/observation.ts";
import { latenessOf, QuietConnections } from "./quiet-connections.ts";
import { goOn } from "./classic/retrieval.ts";
import { SurveyReply } from "./stats/connection-survey.ts";
import type { TextAuthentication } from "./users/text-authentication.ts";
import { carryOutText, refuseText } from "./text-commands.ts";
import { forgetWorker, hearWorker, tellWorkers } from "./workers/worker-messages.ts";
import type { WorkerMessage } from "./workers/worker-relay.ts";

/** Numbers below this are of listeners, above of connections, as memcached's are all of one kind. */
const LISTENERS_MAX = 64;

const TOO_MANY_CONNECTIONS = latin1Bytes("ERROR Too many open connections\r\n");

const LATENESS = {
  idle: { counter: "idleKicks", what: "it asked for nothing" },
  receive: { counter: "receiveTimeouts", what: "nothing came in the middle of a command" },
  send: { counter: "sendTimeouts", what: "it took nothing of its replies" },
} as const;

export class ServerEngine implements Engine {
  readonly #context: Context;
  readonly #outbox: Outbox;
  readonly #decoders: Decoders;
  readonly #connections: Map<ConnectionId, Connection>;
  readonly #desk: DatagramDesk;
  /** Turned away, and not yet closed. Nobody listens to them. */
  readonly #rejected: Map<ConnectionId, Connection> = new Map();
  /** Walks through the items that go on in the next turn. */
  readonly #walking: Set<Connection> = new Set();
  readonly #quiet: QuietConnections;
  /** Those that go on in the next turn, in this order, and the list of the turn before, to be used again. */
  #yielded: Connection[] = [];
  #yieldedBefore: Connection[] = [];
  #lastId: ConnectionId;
  /** No two workers of a server have a connection of the same name. */
  readonly #idStep: number;
  #draining = false;
  /** What other workers are to see was published in this turn, and nothing has been carried out since. */
  #published = false;
  #deadline: Millis = Infinity;

  /**
   * @throws RangeError for a limit that is not a whole number from 1, a version that is not one line, a protocol that
   * does not go with the authentication, or a user without a name or a password
   */
  constructor(options: ServerOptions = {}) {
    this.#context = contextOf(options);
    this.#outbox = this.#context.outbox;
    this.#decoders = this.#context.decoders;
    this.#connections = this.#context.connections;
    this.#quiet = new QuietConnections(this.#context.settings.limits);
    this.#desk = new DatagramDesk(this.#context);
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
    if (this.#draining) return;
    this.#draining = true;
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
    hearWorker(this.#context, worker, message, now);
    this.#goOnWithSurveyed();
  }

  /** Another worker is dead: it watches nothing any more, and nothing is under way to it. */
  forgetWorker(worker: number, now: Millis): void {
    forgetWorker(this.#context, worker, now);
    this.#goOnWithSurveyed();
  }

  /** @param peer Where it comes from, if the host knows. */
  accepted(now: Millis, via: ListenerId, peer?: Endpoint): ConnectionId {
    const { counters } = this.#context;
    this.#context.startedAt ??= now;
    const id = (this.#lastId += this.#idStep);
    const connection = new Connection(id, this.#context, now, via, peer);
    if (this.#draining) {
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
    if (connection.rest === "watching") return;
    connection.activeAt = now;
    if (connection.decoder === this.#decoders.idle) this.#decoders.lend(connection);
    const { door } = connection;
    connection.decoder.receive(door === undefined ? chunk : this.#letIn(connection, door, chunk));
    if (!connection.blocked && !connection.yielded) return this.#serve(connection, now);
    connection.decoder.keep();
    this.#pause(connection);
  }

  ended(id: ConnectionId, now: Millis): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) return;
    connection.ended = true;
    if (connection.rest === "watching") return this.#outbox.finish(connection.port);
    if (!connection.blocked && !connection.yielded) this.#serve(connection, now);
  }

  drained(id: ConnectionId, now: Millis): void {
    const connection = this.#connections.get(id) ?? this.#rejected.get(id);
    if (connection === undefined) return;
    connection.activeAt = now;
    this.#outbox.drained(connection.port);
    if (!connection.blocked || connection.yielded) return;
    // Not at once: a client that is as fast as this would leave no turn to the others.
    if (connection.rest instanceof ItemWalk) this.#walking.add(connection);
    else this.#letWait(connection);
  }

  closed(id: ConnectionId, cause: CloseCause, now: Millis): void {
    const connection = this.#connections.get(id);
    if (connection === undefined) {
      this.#rejected.delete(id);
      return;
    }
    if (cause !== "closed") this.#sayThatItLeft(connection, cause);
    this.#outbox.forget(connection.port);
    this.#quiet.forget(connection);
    this.#connections.delete(id);
    this.#walking.delete(connection);
    this.#context.counters.currConnections--;
    this.#context.settings.workers?.leave();
    if (connection.rest === "watching") {
      this.#context.watchers.remove(connection);
      observe(this.#context);
    }
    if (cause !== "closed") connection.closing = "error";
    noteConnection(this.#context, connection, "conn_close", now);
    this.#decoders.end(connection);
  }

  arrived(socket: SocketId, from: DatagramAddress, bytes: Uint8Array, now: Millis): void {
    if (this.#draining) return;
    const { debugClock } = this.#context;
    this.#context.startedAt ??= now;
    this.#desk.arrived(socket, from, bytes, debugClock === undefined ? now : debugClock.at(now));
  }

  elapsed(now: Millis): void {
    const { store, debugClock } = this.#context;
    const time = debugClock === undefined ? now : debugClock.at(now);
    this.#context.now = time;
    if (time >= store.maintenanceAt) store.maintain(time);
    this.#outbox.release();
    this.#walkOn(now);
    this.#goOnWithYielded(now);
    if (now >= this.#context.survey.deadline) {
      this.#context.survey.late(now);
      this.#goOnWithSurveyed();
    }
    if (now >= this.#quiet.nextAt)
      for (const connection of this.#quiet.late(now)) this.#giveUp(connection, now);
    if (now < this.#deadline) return;
    this.#deadline = Infinity;
    for (const connections of [this.#connections, this.#rejected]) {
      for (const { port } of connections.values()) this.#outbox.abort(port);
    }
  }

  /** `-Infinity` while somebody has more to be done. */
  get deadline(): Millis {
    if (this.#walking.size > 0 || this.#yielded.length > 0 || this.#outbox.holds) return -Infinity;
    const { store, debugClock } = this.#context;
    const { maintenanceAt } = store;
    return Math.min(
      this.#deadline,
      this.#context.survey.deadline,
      this.#quiet.nextAt,
      debugClock === undefined ? maintenanceAt : debugClock.hostTime(maintenanceAt),
    );
  }

  poll(): Command | SendTo | undefined {
    const { workers } = this.#context.settings;
    const command = this.#outbox.poll() ?? this.#desk.poll();
    if (workers !== undefined) {
      // Before the first reply leaves, and with what was sent when the last one has.
      if (!this.#published) workers.publish(this.#context.counters);
      else if (command === undefined) workers.publishWritten(this.#context.counters);
      this.#published = command !== undefined;
    }
    if (command === undefined) tellWorkers(this.#context);
    else if (command.kind === "send" || command.kind === "send-to") {
      this.#context.counters.bytesWritten += command.bytes.length;
    }
    return command;
  }

  #hasRoom(): boolean {
    const { settings, counters } = this.#context;
    const { connectionsMax } = settings.limits;
    return settings.workers?.enter(connectionsMax) ?? counters.currConnections < connectionsMax;
  }

  /** Answers what has been received, as far as the client takes it. */
  #serve(connection: Connection, hostTime: Millis): void {
    const { decoder, output, port } = connection;
    const context = this.#context;
    const { debugClock } = context;
    const now = debugClock === undefined ? hostTime : debugClock.at(hostTime);
    connection.servedAt = now;
    context.client = port.id;
    context.now = now;
    this.#published = false;
    const { unsentBytesMax, requestsPerTurn } = context.settings.limits;
    let left = requestsPerTurn;
    while (port.state === "open" && output.length <= unsentBytesMax) {
      const { rest } = connection;
      if (left-- === 0 && (decoder.unreadBytes > 0 || rest !== undefined)) return this.#yield(connection);
      if (rest !== undefined) {
        if (rest === "watching") return this.#watch(connection);
        if (rest instanceof ItemWalk) {
          if (!rest.goOn(output, context.now)) {
            this.#walking.add(connection);
            break;
          }
        } else if (rest instanceof SurveyReply) {
          if (!rest.goOn(context.now)) {
            context.survey.ask(rest, hostTime);
            break;
          }
        } else if (!goOn(context, rest, output, context.now)) {
          left = 0;
          continue;
        }
        connection.rest = undefined;
        continue;
      }
      if (this.#draining) return this.#outbox.finish(port);
      switch (decoder.next()) {
        case "request":
          if (decoder.protocol === "binary") carryOutBinary(context, connection, context.now);
          else carryOutText(context, connection, context.now);
          continue;
        case "invalid":
          if (decoder.protocol === "binary") refuseBinary(context, connection, context.now);
          else refuseText(context, connection, context.now);
          continue;
        case "head":
        case "part":
        case "tail":
          continue; // no value is asked for in parts
        case "fatal":
          connection.closing = "error";
          if (decoder.protocol === "binary") return refuseBinary(context, connection, context.now);
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
    this.#pause(connection);
  }

  /** Others come first. What it has been answered leaves with what it is answered in the next turn. */
  #yield(connection: Connection): void {
    this.#context.counters.connYields++;
    connection.decoder.keep();
    connection.blocked = false;
    this.#letWait(connection);
    if (connection.output.length > 0) this.#outbox.hold(connection.port);
  }

  #letWait(connection: Connection): void {
    connection.yielded = true;
    this.#yielded.push(connection);
  }

  #goOnWithYielded(now: Millis): void {
    const yielded = this.#yielded;
    if (yielded.length === 0) return;
    this.#yielded = this.#yieldedBefore;
    this.#yieldedBefore = yielded;
    for (const connection of yielded) {
      connection.yielded = false;
      this.#serve(connection, now);
    }
    yielded.length = 0;
  }

  #pause(connection: Connection): void {
    if (connection.paused) return;
    connection.paused = true;
    this.#outbox.order({ kind: "pause", id: connection.port.id });
  }

  /** Shows a chunk to what stands before the commands. @returns what of it is for these */
  #letIn(connection: Connection, door: TextAuthentication, chunk: Uint8Array): Uint8Array {
    const used = door.receive(chunk, connection.output, this.#context.counters);
    if (door.state === "open") connection.door = undefined;
    if (door.state === "closed") this.#outbox.finish(connection.port);
    return chunk.subarray(used);
  }

  /** Walks through the items go on, those whose last piece is with the network. */
  #walkOn(now: Millis): void {
    if (this.#walking.size === 0) return;
    const walking = [...this.#walking];
    this.#walking.clear();
    for (const connection of walking) if (!connection.port.sending) this.#serve(connection, now);
  }

  /** Other workers have answered. */
  #goOnWithSurveyed(): void {
    for (const connection of this.#context.survey.takeReady()) {
      if (this.#connections.has(connection.port.id)) this.#walking.add(connection);
    }
  }

  /** From now on lines are written to it as they come, and whatever it sends is not heard. */
  #watch({ output, port, decoder }: Connection): void {
    decoder.keep();
    if (output.length > 0) this.#outbox.touch(port);
  }

  #hasAnsweredAll(connection: Connection): void {
    const { port } = connection;
    if (connection.ended) return this.#outbox.finish(port);
    if (connection.output.length > 0) this.#outbox.touch(port);
    connection.blocked = false;
    const { decoder } = connection;
    if (decoder !== this.#decoders.idle && !decoder.isInMessage) this.#decoders.giveBack(connection);
    if (!connection.paused) return;
    connection.paused = false;
    this.#outbox.order({ kind: "resume", id: port.id });
  }

  /** It was quiet for too long. Nothing more is said to it. */
  #giveUp(connection: Connection, now: Millis): void {
    const { counters, settings } = this.#context;
    const lateness = latenessOf(connection);
    counters[LATENESS[lateness].counter]++;
    connection.closing = lateness === "idle" ? "idle_timeout" : "error";
    this.#outbox.abort(connection.port);
    const seconds = Math.round((now - connection.activeAt) / 1_000);
    settings.log?.(`connection ${connection.port.id} closed: ${LATENESS[lateness].what} for ${seconds} s`);
  }

  #sayThatItLeft(connection: Connection, cause: CloseCause): void {
    const { log } = this.#context.settings;
    if (log === undefined) return;
    const lateness = latenessOf(connection);
    if (lateness === "idle") return;
    const middle = lateness === "send" ? "a reply" : "a command";
    log(`connection ${connection.port.id} went away in the middle of ${middle}: ${cause}`);
  }
}
