// Bytes that have arrived at one end of a connection and wait to be read.
//
// A read lends the handler a piece of chance's size, which may join several segments or cut one, at an odd
// offset of its memory. When the handler returns the piece is overwritten: nobody may still be reading it.

import type { Millis } from "@memwire/engine";
import type { Machine } from "./machine.ts";
import type { Pipe, Segment } from "./pipe.ts";
import type { World } from "./world.ts";

/** The end that reads. */
export interface Reader {
  lend(chunk: Uint8Array): void;
  readEnd(): void;
}

const POISON = 0xee;
const OFFSETS = 8; // a chunk rarely starts where its memory does, as on Node

export class Inbox {
  readonly #world: World;
  readonly #machine: Machine;
  readonly #reader: Reader;
  readonly #pipe: Pipe;
  #segments: Segment[] = [];
  #offset = 0;
  #bytes = 0;
  #ended = false;
  #paused = false;
  #over = false;
  #readDue = false;
  #readAt: Millis = 0;

  /** @param pipe The direction that this is the end of. */
  constructor(world: World, machine: Machine, reader: Reader, pipe: Pipe) {
    this.#world = world;
    this.#machine = machine;
    this.#reader = reader;
    this.#pipe = pipe;
  }

  /** Arrived and not read. */
  get bytes(): number {
    return this.#bytes;
  }

  put(segment: Segment): void {
    this.#bytes += segment.end - segment.start;
    this.#segments.push(segment);
    if (this.#over) this.close();
    else this.#scheduleRead();
  }

  putEnd(): void {
    this.#ended = true;
    this.#scheduleRead();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#scheduleRead();
  }

  /** Drops what is here and what is still to come. */
  close(): void {
    this.#over = true;
    const unread = this.#bytes;
    this.#bytes = 0;
    this.#segments = [];
    if (unread > 0) this.#pipe.taken(unread);
  }

  #scheduleRead(): void {
    if (this.#readDue || this.#paused || this.#over) return;
    if (this.#bytes === 0 && !this.#ended) return;
    this.#readDue = true;
    this.#world.clock.schedule(this.#readAt, this.#read);
  }

  readonly #read = (): void => {
    this.#readDue = false;
    if (this.#paused || this.#over) return;
    const { clock, chance, conditions } = this.#world;
    if (this.#bytes === 0) {
      this.#over = true;
      this.#reader.readEnd();
      return;
    }
    this.#readAt = clock.now() + this.#machine.readEveryMs;
    const length = Math.min(this.#bytes, chance.skewed(conditions.readBytes), this.#machine.readBytesMax);
    const offset = chance.below(OFFSETS);
    const chunk = new Uint8Array(new ArrayBuffer(offset + length), offset);
    this.#take(chunk);
    this.#pipe.taken(length);
    this.#reader.lend(chunk);
    chunk.fill(POISON);
    this.#scheduleRead();
  };

  #take(chunk: Uint8Array): void {
    this.#bytes -= chunk.length;
    for (let done = 0; done < chunk.length;) {
      const { bytes, start, end } = this.#segments[0] as Segment;
      const from = start + this.#offset;
      const length = Math.min(end - from, chunk.length - done);
      copy(bytes, from, length, chunk, done);
      done += length;
      this.#offset += length;
      if (from + length === end) {
        this.#offset = 0;
        this.#segments.shift();
      }
    }
  }
}

const LOOP_BYTES_MAX = 64; // below this a loop beats making a view for set()

function copy(from: Uint8Array, start: number, length: number, to: Uint8Array, at: number): void {
  if (length > LOOP_BYTES_MAX) return to.set(from.subarray(start, start + length), at);
  for (let i = 0; i < length; i++) to[at + i] = from[start + i] as number;
}
