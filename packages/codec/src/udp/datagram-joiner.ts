// Replies that come as datagrams, for a client: many at a time, in any order, with some twice and some never.
//
//     receive(datagram):
//       "whole"    a reply is all there: `requestId`, and `bytes` from `start` to `end`, until the next `receive`
//       "part"     kept; its reply is not all there
//       "dropped"  not kept: `fault` says why
//
// Input never throws, and memory stays within the limits: for a new reply the oldest are given up. Time is the
// caller's: when a reply takes too long it calls `giveUp`, and must before it uses the id again, as datagrams say
// nothing else about whose they are. A reply of one datagram is not copied.
//
// memcached answers each key of a multi-get with a reply of its own, all under one id. Where those take more than a
// datagram each, nobody can tell their datagrams apart once they are out of order: ask for large values one by one.

import { readUint16 } from "../big-endian.ts";
import { DATAGRAM_HEADER_BYTES, requestIdOf } from "./datagram.ts";
import { datagramLimitsOf, type DatagramLimits } from "./datagram-limits.ts";
import { Reassembly } from "./reassembly.ts";

/** Why a datagram was dropped. The reply that it says it belongs to is as it was, but for "reply-too-large". */
export type ReplyDatagramFault =
  /** No whole header. */
  | "short"
  /** No data behind it. */
  | "empty"
  /** The reserved bytes are not 0: it may mean something else than we know. */
  | "reserved"
  /** A sequence that is not below the total. */
  | "sequence"
  /** A total above `datagramsMax`. */
  | "too-many-datagrams"
  /** Another total than the reply's datagrams before. */
  | "total-changed"
  /** One of that sequence is there already. */
  | "duplicate"
  /** More bytes than `replyBytesMax`: the reply is given up. */
  | "reply-too-large";

const EMPTY: Uint8Array = new Uint8Array(0);

/** Puts replies together from datagrams that are lost, doubled and out of order. */
export class DatagramJoiner {
  /** The id that the last datagram had, if it was not "short". */
  requestId = 0;
  /** The reply, after "whole": `bytes[start]` to `bytes[end - 1]`. Read only; it may be the lent datagram. */
  bytes: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  /** Why `receive` answered "dropped" last. */
  fault: ReplyDatagramFault = "short";
  /** How many datagrams were dropped, and why. */
  readonly drops: Record<ReplyDatagramFault, number> = {
    short: 0,
    empty: 0,
    reserved: 0,
    sequence: 0,
    "too-many-datagrams": 0,
    "total-changed": 0,
    duplicate: 0,
    "reply-too-large": 0,
  };
  /** Replies given up to make room, above `repliesMax` or `heldBytesMax`. */
  evictions = 0;

  readonly #limits: DatagramLimits;
  /** By request id, oldest first. */
  readonly #replies: Map<number, Reassembly> = new Map();
  #heldBytes = 0;
  /** Bytes of memory of the reply at hand, if it is not the lent datagram. */
  #wholeBytes = 0;

  /** @throws RangeError as `datagramLimitsOf` */
  constructor(limits: Partial<DatagramLimits> = {}) {
    this.#limits = datagramLimitsOf(limits);
  }

  /** Takes one datagram, which is lent: after "whole" until the next call, else until this one returns. */
  receive(datagram: Uint8Array): "whole" | "part" | "dropped" {
    this.bytes = EMPTY;
    this.start = 0;
    this.end = 0;
    this.#wholeBytes = 0;
    if (datagram.length < DATAGRAM_HEADER_BYTES) return this.#drop("short");
    this.requestId = requestIdOf(datagram);
    const sequence = readUint16(datagram, 2);
    const total = readUint16(datagram, 4);
    const { replyBytesMax, datagramsMax } = this.#limits;
    const dataBytes = datagram.length - DATAGRAM_HEADER_BYTES;
    if (dataBytes === 0) return this.#drop("empty");
    if (readUint16(datagram, 6) !== 0) return this.#drop("reserved");
    if (sequence >= total) return this.#drop("sequence");
    if (total > datagramsMax) return this.#drop("too-many-datagrams");
    const begun = this.#replies.get(this.requestId);
    if (begun !== undefined && begun.total !== total) return this.#drop("total-changed");
    if (begun?.has(sequence)) return this.#drop("duplicate");
    if ((begun?.length ?? 0) + dataBytes > replyBytesMax) {
      this.giveUp(this.requestId);
      return this.#drop("reply-too-large");
    }
    return total === 1 ? this.#single(datagram) : this.#keep(begun ?? this.#begin(total), sequence, datagram);
  }

  /** Forgets what came of a reply. @returns whether there was anything */
  giveUp(requestId: number): boolean {
    const reply = this.#replies.get(requestId);
    if (reply === undefined) return false;
    this.#heldBytes -= reply.heldBytes;
    return this.#replies.delete(requestId);
  }

  /** Replies in reassembly. */
  get replies(): number {
    return this.#replies.size;
  }

  /** Bytes of memory held: of replies in reassembly, at most `heldBytesMax`, and of the whole reply at hand. */
  get heldBytes(): number {
    return this.#heldBytes + this.#wholeBytes;
  }

  #drop(fault: ReplyDatagramFault): "dropped" {
    this.fault = fault;
    this.drops[fault]++;
    return "dropped";
  }

  #single(datagram: Uint8Array): "whole" {
    // Node's Buffer is a Uint8Array whose `slice` is a view: whoever reads `bytes` is to find a plain one.
    this.bytes =
      datagram.constructor === Uint8Array
        ? datagram
        : new Uint8Array(datagram.buffer, datagram.byteOffset, datagram.byteLength);
    this.start = DATAGRAM_HEADER_BYTES;
    this.end = datagram.length;
    return "whole";
  }

  #begin(total: number): Reassembly {
    const reply = new Reassembly(total);
    this.#replies.set(this.requestId, reply);
    this.#heldBytes += reply.heldBytes;
    return reply;
  }

  #keep(reply: Reassembly, sequence: number, datagram: Uint8Array): "whole" | "part" {
    const before = reply.heldBytes;
    reply.add(sequence, datagram, this.#limits.replyBytesMax);
    this.#heldBytes += reply.heldBytes - before;
    if (!reply.isWhole) {
      this.#makeRoom();
      return "part";
    }
    this.giveUp(this.requestId);
    reply.order();
    this.bytes = reply.bytes;
    this.end = reply.length;
    this.#wholeBytes = reply.bytes.length;
    return "whole";
  }

  /** The limits hold again: gives up the oldest, but not the one at hand, which may be the oldest and does get on. */
  #makeRoom(): void {
    const { repliesMax, heldBytesMax } = this.#limits;
    if (this.#replies.size <= repliesMax && this.#heldBytes <= heldBytesMax) return;
    for (const requestId of this.#replies.keys()) {
      if (requestId === this.requestId) continue;
      this.giveUp(requestId);
      this.evictions++;
      if (this.#replies.size <= repliesMax && this.#heldBytes <= heldBytesMax) return;
    }
  }
}
