// Connections are answered here: what each has sent, turn by turn.
//
//     received --> serve(): commands, until it has sent no more, or takes no more, or has had its turn
//                     |                                                |             |
//                     |  walks, and replies that others had to answer   paused       yielded
//                     +<------------------- goOn(), in the next turn --+-------------+
//
// A client that does not take its replies is asked nothing more: above `unsentBytesMax` its input waits, paused,
// until they are taken. After `requestsPerTurn` commands in a turn, with more at hand, a client waits for the next one,
// and others come first; so does one that was paused and has taken its replies. Of a store with much in it small chunks
// are gathered before they are served, until the turn ends (gathered-chunks.ts). Hot path.

import type { RequestDecoder } from "@memwire/codec";
import type { Millis, Outbox } from "@memwire/engine";
import { ItemWalk } from "./admin/item-walk.ts";
import type { Transcript } from "./admin/transcript.ts";
import { carryOutBinary, refuseBinary } from "./binary/binary-commands.ts";
import { goOn } from "./classic/retrieval.ts";
import type { Connection } from "./connection.ts";
import { type Context, transcriptOf } from "./context.ts";
import type { Decoders } from "./decoders.ts";
import { GatheredChunks } from "./gathered-chunks.ts";
import { SurveyReply } from "./stats/connection-survey.ts";
import { carryOutText, refuseText } from "./text-commands.ts";
import type { TextAuthentication } from "./users/text-authentication.ts";

export class ConnectionDesk {
  /** No more commands are taken. */
  draining = false;
  /** Something was carried out that the other workers have not been shown. */
  isNews = true;
  readonly #context: Context;
  readonly #outbox: Outbox;
  readonly #decoders: Decoders;
  readonly #gathered: GatheredChunks;
  /** When something was received last. */
  #now: Millis = 0;
  readonly #answerChunk = (connection: Connection, chunk: Uint8Array): void =>
    this.#receive(connection, chunk, this.#now);
  /** Replies that go on in the next turn: walks through the items, and what other workers have answered. */
  readonly #walking: Set<Connection> = new Set();
  /** Those that go on in the next turn, in this order, and the list of the turn before, to be used again. */
  #yielded: Connection[] = [];
  #yieldedBefore: Connection[] = [];

  constructor(context: Context) {
    this.#context = context;
    this.#outbox = context.outbox;
    this.#decoders = context.decoders;
    this.#gathered = new GatheredChunks(context.store.prefetch);
  }

  /** Whether somebody goes on in the next turn. */
  get hasMore(): boolean {
    return this.#walking.size > 0 || this.#yielded.length > 0;
  }

  /** A chunk has come, which is the caller's again afterwards. Its commands may wait for `answerGathered`. */
  received(connection: Connection, chunk: Uint8Array, now: Millis): void {
    if (now !== this.#now) this.answerGathered();
    this.#now = now;
    if (this.#canGather(connection) && this.#gathered.add(connection, chunk)) {
      if (this.#gathered.isFull) this.answerGathered();
      return;
    }
    this.answerGathered();
    this.#receive(connection, chunk, now);
  }

  /** Answers what has come in chunks that waited for each other: before anything else happens. */
  answerGathered(): void {
    if (!this.#gathered.isEmpty) this.#gathered.forEach(this.#answerChunk);
  }

  /** What comes from it begins a message: only there is a key found ahead. */
  #canGather({ decoder, door }: Connection): boolean {
    return decoder === this.#decoders.idle && door === undefined;
  }

  #receive(connection: Connection, chunk: Uint8Array, now: Millis): void {
    if (connection.port.state !== "open" || this.draining) return;
    if (connection.rest === "watching") return;
    connection.activeAt = now;
    if (connection.decoder === this.#decoders.idle) this.#decoders.lend(connection);
    const { door } = connection;
    connection.decoder.receive(door === undefined ? chunk : this.#letIn(connection, door, chunk));
    if (!connection.blocked && !connection.yielded) return this.#serve(connection, now);
    connection.decoder.keep();
    this.#pause(connection);
  }

  /** It sends nothing more: it is answered, then closed. */
  ended(connection: Connection, now: Millis): void {
    this.answerGathered();
    connection.ended = true;
    if (connection.rest === "watching") return this.#outbox.finish(connection.port);
    if (!connection.blocked && !connection.yielded) this.#serve(connection, now);
  }

  /** It has taken what it was sent. */
  drained(connection: Connection): void {
    if (!connection.blocked || connection.yielded) return;
    // Not at once: a client that is as fast as this would leave no turn to the others.
    if (connection.rest instanceof ItemWalk) this.#walking.add(connection);
    else this.#letWait(connection);
  }

  /** It is gone. */
  forget(connection: Connection): void {
    this.#walking.delete(connection);
    this.#context.uploads.forget(connection);
  }

  /** The next turn of those that were to wait for it. */
  goOn(now: Millis): void {
    this.#walkOn(now);
    this.#goOnWithYielded(now);
  }

  /** What other workers were asked for is known: those that wait for it go on. */
  surveyed(): void {
    const { survey, connections } = this.#context;
    for (const connection of survey.takeReady()) {
      if (connections.has(connection.port.id)) this.#walking.add(connection);
    }
  }

  /** Answers what has been received, as far as the client takes it. */
  #serve(connection: Connection, hostTime: Millis): void {
    const context = this.#context;
    const transcript = transcriptOf(context);
    if (transcript === undefined) this.#answer(connection, hostTime, undefined);
    else {
      const { lentBytesLeast } = context;
      context.lentBytesLeast = Infinity; // what is lent is not seen in what was written
      this.#answer(connection, hostTime, transcript);
      context.lentBytesLeast = lentBytesLeast;
    }
    context.store.letGo(); // of an item whose value nobody wanted: other workers may wait for it
  }

  #answer(connection: Connection, hostTime: Millis, transcript: Transcript | undefined): void {
    const { decoder, output, port } = connection;
    const context = this.#context;
    const { debugClock } = context;
    const now = debugClock === undefined ? hostTime : debugClock.at(hostTime);
    connection.servedAt = now;
    context.client = port.id;
    context.now = now;
    this.isNews = true;
    const { limits } = context.settings;
    const { requestsPerTurn } = limits;
    const unsentBytesMax = context.replyRoom.unsentBytesMax(connection, limits.unsentBytesMax, hostTime);
    context.unsentBytesMax = unsentBytesMax;
    let left = requestsPerTurn;
    let lookedAt = 0;
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
        } else {
          transcript?.goesOn(connection);
          const isOver = goOn(context, rest, output, context.now);
          transcript?.answered(connection);
          if (!isOver) {
            left = 0;
            continue;
          }
        }
        connection.rest = undefined;
        continue;
      }
      if (this.draining) return this.#outbox.finish(port);
      switch (decoder.next()) {
        case "request":
          if (lookedAt > 0) lookedAt--;
          else if (left > 0 && decoder.unreadBytes > 0) lookedAt = this.#lookAhead(decoder, left + 1);
          transcript?.asked(connection, false);
          if (decoder.protocol === "binary") carryOutBinary(context, connection, context.now);
          else carryOutText(context, connection, context.now);
          transcript?.answered(connection);
          continue;
        case "invalid":
          transcript?.asked(connection, true);
          if (decoder.protocol === "binary") refuseBinary(context, connection, context.now);
          else refuseText(context, connection, context.now);
          transcript?.answered(connection);
          continue;
        case "head":
        case "part":
        case "tail":
          continue; // no value is asked for in parts
        case "fatal":
          transcript?.asked(connection, true);
          connection.closing = "error";
          if (decoder.protocol === "binary") return refuseBinary(context, connection, context.now);
          return this.#outbox.finish(port);
        case "need-data":
          return this.#hasAnsweredAll(connection, hostTime);
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

  /** The store asks for what so many requests need, as far as they have come. @returns how many behind the one at hand */
  #lookAhead(decoder: RequestDecoder, requestsMax: number): number {
    const { prefetch } = this.#context.store;
    if (!prefetch.isWorthwhile) return prefetch.room;
    const lookedAt = decoder.lookAhead(prefetch, requestsMax);
    prefetch.fetch();
    return lookedAt;
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

  /** From now on lines are written to it as they come, and whatever it sends is not heard. */
  #watch({ output, port, decoder }: Connection): void {
    decoder.keep();
    if (output.length > 0) this.#outbox.touch(port);
  }

  #hasAnsweredAll(connection: Connection, hostTime: Millis): void {
    const { port } = connection;
    if (connection.ended) return this.#outbox.finish(port);
    if (connection.output.length > 0) this.#outbox.touch(port);
    connection.blocked = false;
    const { decoder } = connection;
    if (decoder !== this.#decoders.idle) {
      if (!decoder.isInMessage) this.#decoders.giveBack(connection);
      else if (this.#context.uploads.holdUp(connection, hostTime)) return this.#pause(connection);
    }
    if (!connection.paused) return;
    connection.paused = false;
    this.#outbox.order({ kind: "resume", id: port.id });
  }
}
