// A salt at the end of every key, as mcrouter's HashRoute has it. Hot path: copies the key.

import type { Distribution, Explanation } from "./distribution.ts";
import { utf8 } from "./utf8.ts";

const SPACE_BYTES = 512;

export class SaltedDistribution implements Distribution {
  readonly #inner: Distribution;
  readonly #salt: Uint8Array;
  #space: Uint8Array;

  constructor(inner: Distribution, salt: string) {
    this.#inner = inner;
    this.#salt = utf8(salt);
    this.#space = new Uint8Array(SPACE_BYTES + this.#salt.length);
  }

  owner(bytes: Uint8Array, start: number, end: number): number {
    return this.#inner.owner(this.#salted(bytes, start, end), 0, end - start + this.#salt.length);
  }

  explain(bytes: Uint8Array): Explanation {
    const length = bytes.length + this.#salt.length;
    return this.#inner.explain(this.#salted(bytes, 0, bytes.length).slice(0, length));
  }

  #salted(bytes: Uint8Array, start: number, end: number): Uint8Array {
    const length = end - start;
    const salt = this.#salt;
    // No key of memcached's is that long; whoever asks for such a one gets an answer, too.
    if (this.#space.length < length + salt.length) this.#space = new Uint8Array((length + salt.length) * 2);
    const space = this.#space;
    for (let i = 0; i < length; i++) space[i] = bytes[start + i] as number;
    for (let i = 0; i < salt.length; i++) space[length + i] = salt[i] as number;
    return space;
  }
}
