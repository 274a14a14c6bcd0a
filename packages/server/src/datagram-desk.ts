// Requests that come in datagrams, and their replies: memcached's `-U`.
//
//     datagram --header off--> decoder --requests--> commands --a reply each--> DatagramSplitter --> send-to
//
// A datagram is a conversation of its own: it decides for itself whether it is text or binary, what it leaves
// unfinished will never come, and nothing of it is known to the next. As in memcached each command has a reply of its
// own, of any number of datagrams, and so has each value of a multi-get; all carry the id of the request. What goes on
// after its request, a watcher or a walk through all items, is refused.
//
// A datagram of 64 KiB can ask for gigabytes: with the first reply that is too much for a turn the rest of it is lost,
// unread. Hot path, but for two views and a list entry a reply. A `Connection` is used again as long as datagrams end
// where a request ends: a new one costs 2 to 6 us.

import {
  DatagramSplitter,
  datagramRequest,
  latin1Bytes,
  REQUEST_MAGIC,
  requestIdOf,
  SendBuffer,
} from "@memwire/codec";
import type { DatagramAddress, Millis, SendTo, SocketId } from "@memwire/engine";
import { carryOutBinary, refuseBinary } from "./binary/binary-commands.ts";
import { answer } from "./admin/command-words.ts";
import { Connection, NOBODY } from "./connection.ts";
import { type Context, transcriptOf } from "./context.ts";
import { ItemWalk } from "./admin/item-walk.ts";
import type { Transcript } from "./admin/transcript.ts";
import { goOn } from "./classic/retrieval.ts";
import { SurveyReply } from "./stats/connection-survey.ts";
import { carryOutText, refuseText } from "./text-commands.ts";

const HEADER_BYTES = 8;

const TOO_LARGE = latin1Bytes("SERVER_ERROR reply too large for datagrams\r\n");
const NOT_HERE = "CLIENT_ERROR not over UDP";

export class DatagramDesk {
  readonly #context: Context;
  readonly #splitter: DatagramSplitter = new DatagramSplitter();
  /** Datagrams that are to be sent, one behind the other. */
  readonly #out: SendBuffer = new SendBuffer();
  #sends: SendTo[] = [];
  #sendNext = 0;
  #unsentBytes = 0;
  #text: Connection | undefined;
  #binary: Connection | undefined;
  // The datagram at hand.
  #socket: SocketId = 0;
  #from: DatagramAddress = { host: "", port: 0 };
  #requestId = 0;
  #transcript: Transcript | undefined;

  constructor(context: Context) {
    this.#context = context;
  }

  /** Answers a datagram. @param now The items' time */
  arrived(socket: SocketId, from: DatagramAddress, bytes: Uint8Array, now: Millis): void {
    const { counters, settings } = this.#context;
    counters.bytesRead += bytes.length;
    // Who somebody is cannot be said in one datagram and known in the next: where that matters, nobody is heard.
    if (datagramRequest(bytes) !== "request" || settings.authentication !== undefined) {
      counters.datagramsIgnored++;
      return;
    }
    this.#socket = socket;
    this.#from = from;
    this.#requestId = requestIdOf(bytes);
    const isBinary = settings.protocol === "auto" && bytes[HEADER_BYTES] === REQUEST_MAGIC;
    const connection = (isBinary ? this.#binary : this.#text) ?? this.#open(now);
    const usable = this.#serve(connection, bytes.subarray(HEADER_BYTES), now) ? connection : undefined;
    if (usable === undefined) {
      connection.output.abandon();
      this.#context.decoders.end(connection);
    }
    this.#context.store.letGo(); // as for connections
    if (isBinary) this.#binary = usable;
    else this.#text = usable;
  }

  /** The next datagram to be sent. */
  poll(): SendTo | undefined {
    if (this.#sendNext < this.#sends.length) return this.#sends[this.#sendNext++];
    if (this.#sendNext > 0) {
      // The last one is sent.
      this.#out.reclaim();
      this.#sends = [];
      this.#sendNext = 0;
      this.#unsentBytes = 0;
    }
    return undefined;
  }

  #open(now: Millis): Connection {
    const connection = new Connection(NOBODY, this.#context, now, 0, undefined);
    this.#context.decoders.lend(connection);
    connection.port.sending = true; // its output is taken here, and never by the outbox
    return connection;
  }

  /** @returns whether the connection is as good as new afterwards */
  #serve(connection: Connection, bytes: Uint8Array, now: Millis): boolean {
    const context = this.#context;
    const { decoder, output, port } = connection;
    const { lentBytesLeast } = context;
    this.#transcript = transcriptOf(context);
    context.client = NOBODY;
    context.now = now;
    context.lentBytesLeast = Infinity;
    context.unsentBytesMax = 0; // a retrieval waits after every value: each is a reply of its own
    decoder.receive(bytes);
    let endsWhole = true;
    let fits = true;
    let requestEnd = 0;
    while (fits && port.state === "open") {
      const found = decoder.next();
      if (found === "need-data") break;
      const isBinary = decoder.protocol === "binary";
      this.#transcript?.asked(connection, found !== "request");
      if (found === "request") {
        if (isBinary) carryOutBinary(context, connection, context.now);
        else if (decoder.text.command === "watch") answer(decoder.text, output, NOT_HERE);
        else carryOutText(context, connection, context.now);
        requestEnd = isBinary ? decoder.binary.end : decoder.text.end;
        fits = this.#finishRest(connection, context.now);
      } else {
        endsWhole = false;
        if (isBinary) refuseBinary(context, connection, context.now);
        else if (found === "invalid") refuseText(context, connection, context.now);
      }
      fits &&= this.#reply(connection, isBinary);
      if (found === "fatal") break;
    }
    context.lentBytesLeast = lentBytesLeast;
    const isOpen = port.state === "open" && connection.sasl === "none";
    return fits && endsWhole && requestEnd === bytes.length && isOpen;
  }

  /** What a command has left for later is done now, or refused. @returns as `#reply` */
  #finishRest(connection: Connection, now: Millis): boolean {
    const { rest, output } = connection;
    connection.rest = undefined;
    if (rest === undefined || rest === "watching") return true;
    if (rest instanceof ItemWalk) {
      output.skip(output.length);
      answer(connection.decoder.text, output, NOT_HERE);
      return true;
    }
    if (rest instanceof SurveyReply) return true;
    do if (!this.#reply(connection, false)) return false;
    while (!goOn(this.#context, rest, output, now));
    return true;
  }

  /** Makes datagrams of what was written. @returns whether there was room for them */
  #reply(connection: Connection, isBinary: boolean): boolean {
    const { output } = connection;
    const { counters, settings } = this.#context;
    const { unsentDatagramBytesMax } = settings.limits;
    const { length } = output;
    if (length === 0) return true;
    let bytes = output.take();
    if (length > unsentDatagramBytesMax && !isBinary) bytes = TOO_LARGE;
    const fits = this.#unsentBytes + bytes.length <= unsentDatagramBytesMax;
    if (!fits) counters.datagramRepliesDropped++;
    else {
      this.#transcript?.replied(connection, bytes);
      this.#unsentBytes += bytes.length;
      this.#splitter.split(this.#requestId, bytes);
      while (this.#splitter.next(this.#out) === "datagram") {
        this.#sends.push({
          kind: "send-to",
          socket: this.#socket,
          to: this.#from,
          bytes: this.#out.take(),
        });
      }
    }
    output.reclaim();
    return fits;
  }
}
