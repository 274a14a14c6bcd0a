// Several `get` of one key each, as one line to the server.
//
//     get a    get b    get c         -->   get a b c
//     VALUE a  END      VALUE c       <--   VALUE a, VALUE c, END
//
// memcached answers one line with one write, where it answers pipelined ones with a write each: at 16 requests in a
// pipeline that halved the proxy's CPU a request. The values come in the order of the keys, so a
// value for a key further on says that those before it are not there. Hot path; reused by its server.

import type { ReplyDecoder } from "@memwire/codec";
import type { Failure } from "./failure.ts";
import { Fragment, type ErrorKind, type Waiter } from "./fragment.ts";

/** Requests in one line. */
export const MERGED_MAX = 64;

const KEY_STORAGE_BYTES_MIN = 256;

export class MergedGet extends Fragment {
  readonly #waiters: Waiter[] = [];
  /** The keys one behind the other, and where each ends. */
  #keys: Uint8Array = new Uint8Array(KEY_STORAGE_BYTES_MIN);
  readonly #keyEnds: number[] = [];
  #next = 0;
  #swallowed = false;

  constructor() {
    super(null, "values", 0, 0);
    this.requests = 0;
  }

  add(waiter: Waiter, bytes: Uint8Array, start: number, end: number): void {
    const at = this.#keyEnds.at(-1) ?? 0;
    const keyEnd = at + end - start;
    if (keyEnd > this.#keys.length) {
      const grown = new Uint8Array(keyEnd * 2);
      grown.set(this.#keys);
      this.#keys = grown;
    }
    for (let i = 0; i < end - start; i++) this.#keys[at + i] = bytes[start + i] as number;
    this.#keyEnds.push(keyEnd);
    this.#waiters.push(waiter);
    this.requests++;
  }

  override value(reply: ReplyDecoder): boolean {
    if (this.#swallowed) return true;
    let found = this.#next;
    while (found < this.#waiters.length && !this.#isKey(found, reply)) found++;
    if (found === this.#waiters.length) return false;
    while (this.#next < found) this.#waiters[this.#next++]?.done();
    const waiter = this.#waiters[this.#next++] as Waiter;
    waiter.value(reply);
    waiter.done();
    return true;
  }

  override refuse(line: Uint8Array, kind: ErrorKind): void {
    this.#swallowed = true;
    while (this.#next < this.#waiters.length) {
      const waiter = this.#waiters[this.#next++] as Waiter;
      waiter.refuse(line, kind);
      waiter.done();
    }
  }

  override done(): void {
    while (this.#next < this.#waiters.length) this.#waiters[this.#next++]?.done();
  }

  override fail(failure: Failure): void {
    this.#swallowed = true;
    while (this.#next < this.#waiters.length) this.#waiters[this.#next++]?.fail(failure);
  }

  /** Makes it as new. */
  reset(): void {
    this.#waiters.length = 0;
    this.#keyEnds.length = 0;
    this.#next = 0;
    this.#swallowed = false;
    this.requests = 0;
    this.next = null;
  }

  #isKey(index: number, { bytes, keyStart, keyEnd }: ReplyDecoder): boolean {
    const start = index === 0 ? 0 : (this.#keyEnds[index - 1] as number);
    if (keyEnd - keyStart !== (this.#keyEnds[index] as number) - start) return false;
    for (let i = 0; i < keyEnd - keyStart; i++) {
      if (bytes[keyStart + i] !== this.#keys[start + i]) return false;
    }
    return true;
  }
}
