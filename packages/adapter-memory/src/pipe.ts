// One direction of one connection.
//
//     write --> [waiting: one write] --> [under way: segments] --> [unread] --> received
//               `- held back by the -/   `----- window: at most windowBytes -----/
//
// Segments arrive whole, in order, each after a latency of its own. What cannot get through is tried again until
// the network gives up. Sender and receiver are told of what happens only by events, never from inside a call.
// What a sender lends must stay as it is until it is drained, and is looked at no more after that.

import type { Millis } from "@memwire/engine";
import type { Machine } from "./machine.ts";
import { type World, latencyMs } from "./world.ts";

/** What travels: of `bytes`, those from `start` to `end` - 1. */
export interface Segment {
  readonly kind: "opened" | "bytes" | "ended" | "reset";
  readonly at: Millis;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The end that sends. */
export interface Source {
  /** A write that had to wait is on its way, and the end if one was asked for meanwhile. */
  flushed(): void;
  /** The network gave up. */
  lost(): void;
}

/** The end that receives. */
export interface Destination {
  arrived(segment: Segment): void;
}

const NOTHING = new Uint8Array(0);

export class Pipe {
  readonly windowBytes: number;
  readonly #world: World;
  readonly #from: Machine;
  readonly #to: Machine;
  readonly #source: Source;
  readonly #destination: Destination;
  #open = false;
  #waiting: Uint8Array = NOTHING; // lent by the sender
  #copy: Uint8Array = NOTHING; // the same as it was when it was lent
  #sent = 0;
  #writeWaits = false;
  #ending = false;
  #last: "ended" | "reset" | undefined;
  readonly #underWay: Segment[] = [];
  #unreadBytes = 0;
  #lastArrival: Millis = 0;
  #arrivalDue = false;
  #roomDue = false;
  #stuckSince: Millis = Infinity;

  constructor(world: World, from: Machine, to: Machine, source: Source, destination: Destination) {
    this.windowBytes = world.chance.skewed(world.conditions.windowBytes);
    this.#world = world;
    this.#from = from;
    this.#to = to;
    this.#source = source;
    this.#destination = destination;
  }

  /** Sent and not read yet: never more than `windowBytes`. */
  get unreadBytes(): number {
    return this.#unreadBytes;
  }

  /** All that was written is on its way, and the end behind it. */
  get isEnded(): boolean {
    return this.#last === "ended";
  }

  /** Given to `write` and not sent yet. */
  get waitingBytes(): number {
    return this.#waiting.length - this.#sent;
  }

  /** The connection stands; if it was ended before that, the end goes out. */
  open(): void {
    this.#open = true;
    if (this.#ending) this.#fill();
  }

  /** Takes the bytes; `true` if all are on their way, otherwise `flushed` follows. */
  write(bytes: Uint8Array): boolean {
    if (this.#writeWaits) throw new TypeError("write before the drained of the write before");
    if (this.#ending) throw new TypeError("write after end");
    this.#waiting = bytes;
    this.#copy = bytes.slice();
    this.#sent = 0;
    this.#writeWaits = !this.#fill();
    return !this.#writeWaits;
  }

  /** Ends the direction after what was written: at once if all of that is on its way, before `flushed` if not. */
  end(): void {
    this.#ending = true;
    if (!this.#writeWaits) this.#fill(); // a write that waits is drained first, by an event
  }

  /** Resets behind what is on its way; what still waits is lost. */
  reset(): void {
    this.abandon();
    this.#push("reset");
  }

  /** The receiver answers a connect. */
  answer(): void {
    this.#push("opened");
  }

  /** Sends nothing more; what is on its way goes on. */
  abandon(): void {
    this.#waiting = NOTHING;
    this.#sent = 0;
    this.#writeWaits = false;
  }

  /** Loses everything that has not arrived. */
  sever(): void {
    this.abandon();
    this.#underWay.length = 0;
    this.#last = undefined; // it may be among what was lost
  }

  /** The receiver is done with so many bytes. */
  taken(length: number): void {
    this.#unreadBytes -= length;
    if (this.#writeWaits) this.#scheduleRoom(latencyMs(this.#world, this.#to, this.#from));
  }

  #fill(): boolean {
    if (!this.#open) return false;
    const { chance, conditions } = this.#world;
    for (let left = this.waitingBytes; left > 0;) {
      const room = this.windowBytes - this.#unreadBytes;
      if (room === 0) return false;
      const start = this.#sent;
      const end = start + Math.min(left, room, chance.skewed(conditions.segmentBytes));
      if (this.#writeWaits) this.#checkLent(start, end);
      this.#push("bytes", this.#copy, start, end);
      this.#unreadBytes += end - start;
      this.#sent = end;
      left -= end - start;
    }
    if (this.#ending) this.#push("ended");
    return true;
  }

  #checkLent(start: number, end: number): void {
    for (let i = start; i < end; i++) {
      if (this.#waiting[i] === this.#copy[i]) continue;
      throw new TypeError("bytes were changed before they were drained");
    }
  }

  #push(kind: Segment["kind"], bytes: Uint8Array = NOTHING, start = 0, end = 0): void {
    if (this.#last === "reset" || (this.#last === "ended" && kind !== "reset")) return;
    if (kind === "ended" || kind === "reset") this.#last = kind;
    const { clock } = this.#world;
    const at = Math.max(this.#lastArrival, clock.now() + latencyMs(this.#world, this.#from, this.#to));
    this.#lastArrival = at;
    this.#underWay.push({ kind, at, bytes, start, end });
    this.#scheduleArrival(at);
  }

  #scheduleArrival(at: Millis): void {
    if (this.#arrivalDue) return;
    this.#arrivalDue = true;
    this.#world.clock.schedule(at, this.#arrive);
  }

  readonly #arrive = (): void => {
    this.#arrivalDue = false;
    const { clock, conditions } = this.#world;
    const first = this.#underWay[0];
    if (first === undefined) return;
    if (!this.#getsThrough()) return this.#scheduleArrival(clock.now() + conditions.retryMs);
    if (first.at <= clock.now()) {
      this.#underWay.shift();
      this.#destination.arrived(first);
    }
    const next = this.#underWay[0];
    if (next !== undefined) this.#scheduleArrival(next.at);
  };

  #scheduleRoom(afterMs: Millis): void {
    if (this.#roomDue) return;
    this.#roomDue = true;
    this.#world.clock.schedule(this.#world.clock.now() + afterMs, this.#roomCame);
  }

  // Word of what was read has come back to the sender.
  readonly #roomCame = (): void => {
    this.#roomDue = false;
    if (!this.#writeWaits) return; // lost meanwhile
    if (!this.#getsThrough()) return this.#scheduleRoom(this.#world.conditions.retryMs);
    this.#makeUseOfRoom();
  };

  #makeUseOfRoom(): void {
    if (!this.#fill()) return;
    this.#writeWaits = false;
    this.#source.flushed();
  }

  #getsThrough(): boolean {
    if (this.#from.reaches(this.#to)) {
      this.#stuckSince = Infinity;
      return true;
    }
    const now = this.#world.clock.now();
    if (this.#stuckSince === Infinity) this.#stuckSince = now;
    if (now - this.#stuckSince >= this.#world.conditions.giveUpMs) {
      this.sever();
      this.#source.lost();
    }
    return false;
  }
}
