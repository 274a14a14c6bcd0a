// Several `get` of one key each, as one line to the server.
//
//     get a    get b    get c         -->   get a b c
//     VALUE a  END      VALUE c       <--   VALUE a, VALUE c, END
//
// memcached answers one line with one write, where it answers pipelined ones with a write each: at 16 requests in a
// pipeline that halved the proxy's CPU a request. Values come in the order of the keys from memcached, in any order
// from a proxy, which has them of several servers; so what is not there is known at the end. Hot path; reused by its
// server.

import { latin1Bytes, type TextReplyDecoder, type SendBuffer } from "@memwire/codec";
import type { Failure } from "./failure.ts";
import { Fragment, isFor, type ErrorKind, type Source, type StreamFound, type Waiter } from "./fragment.ts";

/** Requests in one line. */
export const MERGED_MAX = 64;

export const GET: Uint8Array = latin1Bytes("get");
export const LINE_END: Uint8Array = latin1Bytes("\r\n");

const KEY_STORAGE_BYTES_MIN = 256;

export class MergedGet extends Fragment {
  /** The first `#count` count. Null is one that gave up before the line was sent, or has its answer. */
  readonly #waiters: (Waiter | null)[] = Array.from({ length: MERGED_MAX }, () => null);
  #count = 0;
  /** The keys one behind the other, and where each ends. */
  #keys: Uint8Array = new Uint8Array(KEY_STORAGE_BYTES_MIN);
  readonly #keyEnds: Uint32Array = new Uint32Array(MERGED_MAX);
  /** Where the next value belongs, if they come in order. */
  #next = 0;
  /** Whose value is coming. */
  #streaming: Waiter | null = null;
  /** How many have their value, and who was the last of all to have it: it is answered with the END. */
  #valued = 0;
  #last: Waiter | null = null;
  #swallowed = false;

  constructor() {
    super(null, "values", 0, 0);
    this.requests = 0;
  }

  add(waiter: Waiter, bytes: Uint8Array, start: number, end: number): void {
    const index = this.#count;
    const at = this.#keyStart(index);
    const keyEnd = at + end - start;
    if (keyEnd > this.#keys.length) {
      const grown = new Uint8Array(keyEnd * 2);
      grown.set(this.#keys);
      this.#keys = grown;
    }
    for (let i = 0; i < end - start; i++) this.#keys[at + i] = bytes[start + i] as number;
    this.#keyEnds[index] = keyEnd;
    this.#waiters[index] = waiter;
    this.#count = index + 1;
    this.requests++;
  }

  override giveUp(waiter: Waiter): boolean {
    const index = this.#waiters.indexOf(waiter);
    if (index < 0) return false;
    this.#waiters[index] = null;
    this.requests--;
    const blankAndKey = 1 + (this.#keyEnds[index] as number) - this.#keyStart(index);
    this.bytesGone = this.requests === 0 ? this.bytes : this.bytesGone + blankAndKey;
    return true;
  }

  override rewrite(output: SendBuffer, source: Uint8Array, start: number): void {
    if (this.bytesGone === 0) return super.rewrite(output, source, start);
    const count = this.#count;
    let keyStart = 0;
    this.#count = 0;
    this.requests = 0;
    output.copy(GET, 0, GET.length);
    for (let i = 0; i < count; i++) {
      const keyEnd = this.#keyEnds[i] as number;
      const waiter = this.#take(i);
      if (waiter !== null) {
        output.byte(32);
        output.copy(this.#keys, keyStart, keyEnd);
        this.add(waiter, this.#keys, keyStart, keyEnd); // moves the key to the front, or leaves it
      }
      keyStart = keyEnd;
    }
    output.copy(LINE_END, 0, LINE_END.length);
  }

  override value(reply: TextReplyDecoder): boolean {
    if (this.#swallowed) return true;
    const found = this.#find(reply);
    if (found < 0) return false;
    this.#next = found + 1;
    const waiter = this.#take(found) as Waiter;
    waiter.value(reply);
    this.#valuedOne(waiter);
    return true;
  }

  override stream(reply: TextReplyDecoder, found: StreamFound): boolean {
    if (this.#swallowed && this.#streaming === null) return true;
    if (found === "head") {
      const at = this.#find(reply);
      if (at < 0) return false;
      this.#next = at + 1;
      this.#streaming = this.#take(at);
    }
    this.source = found === "tail" ? null : reply;
    const waiter = this.#streaming;
    if (waiter?.stream?.(reply, found) !== true) return false;
    if (found !== "tail") return true;
    this.#streaming = null;
    this.#valuedOne(waiter);
    return true;
  }

  override mustWait(reply: TextReplyDecoder, source: Source, waits: boolean): boolean {
    return this.#nextWaiter()?.mustWait?.(reply, source, waits) === true;
  }

  override get owner(): object | null | undefined {
    return (this.#last ?? this.#nextWaiter())?.owner;
  }

  override isOnlyFor(owner: object | null | undefined): boolean {
    for (let i = 0; i < this.#count; i++) {
      const waiter = this.#waiters[i] as Waiter | null;
      if (waiter !== null && !isFor(waiter, owner)) return false;
    }
    return true;
  }

  override get isAbandoned(): boolean {
    const valued = this.#streaming ?? this.#last;
    if (valued !== null) return valued.owner === null;
    for (let i = 0; i < this.#count; i++) {
      const waiter = this.#waiters[i] as Waiter | null;
      if (waiter !== null && waiter.owner !== null) return false;
    }
    return true;
  }

  override get requestsNotBegun(): number {
    let requests = 0;
    for (let i = 0; i < this.#count; i++) if (this.#waiters[i] !== null) requests++;
    return requests;
  }

  override failNotBegun(failure: Failure): void {
    this.#swallowed = true;
    for (let i = 0; i < this.#count; i++) this.#take(i)?.fail(failure, null);
  }

  override refuse(line: Uint8Array, kind: ErrorKind): void {
    this.#swallowed = true;
    const last = this.#takeLast();
    last?.refuse(line, kind);
    last?.done();
    for (let i = 0; i < this.#count; i++) {
      const waiter = this.#take(i);
      waiter?.refuse(line, kind);
      waiter?.done();
    }
  }

  override done(): void {
    this.#takeLast()?.done();
    for (let i = 0; i < this.#count; i++) this.#take(i)?.done();
  }

  override fail(failure: Failure): void {
    const waiter = this.#streaming;
    this.#streaming = null;
    waiter?.fail(failure, this.source);
    this.#takeLast()?.fail(failure, null);
    this.failNotBegun(failure);
  }

  /** Whose value is coming, or would be if all are there. */
  #nextWaiter(): Waiter | null {
    if (this.#streaming !== null) return this.#streaming;
    for (let i = 0; i < this.#count; i++) {
      const waiter = this.#waiters[i] as Waiter | null;
      if (waiter !== null) return waiter;
    }
    return null;
  }

  /** Nobody waits for the value of another; whether the answer is whole is known at its end. */
  #valuedOne(waiter: Waiter): void {
    if (++this.#valued < this.requests) waiter.done();
    else this.#last = waiter;
  }

  #takeLast(): Waiter | null {
    const last = this.#last;
    this.#last = null;
    return last;
  }

  /** Who waits there, and no longer does. */
  #take(index: number): Waiter | null {
    const waiter = this.#waiters[index] as Waiter | null;
    this.#waiters[index] = null;
    return waiter;
  }

  /** Who waits for that value, looked for from the expected one on; -1 if nobody does. */
  #find(reply: TextReplyDecoder): number {
    const count = this.#count;
    for (let i = 0; i < count; i++) {
      const at = (this.#next + i) % count;
      if (this.#waiters[at] !== null && this.#isKey(at, reply)) return at;
    }
    return -1;
  }

  /** Makes it as new, if all in it have their answers. */
  reset(): void {
    this.#count = 0;
    this.#next = 0;
    this.#valued = 0;
    this.#swallowed = false;
    this.requests = 0;
    this.next = null;
  }

  #isKey(index: number, { bytes, keyStart, keyEnd }: TextReplyDecoder): boolean {
    const start = this.#keyStart(index);
    if (keyEnd - keyStart !== (this.#keyEnds[index] as number) - start) return false;
    for (let i = 0; i < keyEnd - keyStart; i++) {
      if (bytes[keyStart + i] !== this.#keys[start + i]) return false;
    }
    return true;
  }

  #keyStart(index: number): number {
    return index === 0 ? 0 : (this.#keyEnds[index - 1] as number);
  }
}
