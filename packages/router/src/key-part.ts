// The part of a key that counts. Hot path.
//
//     user:{42}:name   hash tag {}    -> 42          all keys of user 42 have one owner
//     user:42|#|name   hash stop |#|  -> user:42     the same, by a mark
//
// A part is found in place, by offsets.

import type { Distribution, Explanation } from "./distribution.ts";
import { utf8 } from "./utf8.ts";

/** Finds the part of a key that counts. Also holds the answer, so that none is allocated. */
export interface KeyPart {
  partStart: number;
  partEnd: number;
  /** Sets `partStart` and `partEnd` for the key in `bytes[start]` to `bytes[end - 1]`. */
  find(bytes: Uint8Array, start: number, end: number): void;
}

/** A distribution that sees only a part of each key. */
export class PartDistribution implements Distribution {
  readonly #inner: Distribution;
  readonly #part: KeyPart;

  constructor(inner: Distribution, part: KeyPart) {
    this.#inner = inner;
    this.#part = part;
  }

  owner(bytes: Uint8Array, start: number, end: number): number {
    const part = this.#part;
    part.find(bytes, start, end);
    return this.#inner.owner(bytes, part.partStart, part.partEnd);
  }

  explain(bytes: Uint8Array): Explanation {
    const part = this.#part;
    part.find(bytes, 0, bytes.length);
    return this.#inner.explain(bytes.slice(part.partStart, part.partEnd));
  }
}

/**
 * What stands between the first `tag[0]` and the next `tag[1]` after it; the whole key if either is missing.
 *
 * @see twemproxy notes/recommendation.md, "Hash Tags"; memcached proxy_lua.c, mcp_key_hash_filter_tag
 */
export class HashTag implements KeyPart {
  partStart = 0;
  partEnd = 0;
  readonly #opening: number;
  readonly #closing: number;
  readonly #bytesMin: number;

  /**
   * @param empty What counts if nothing stands in the tag: the whole `key`, as in twemproxy, or `nothing`, as in
   * memcached's own proxy
   * @throws RangeError unless `tag` is two ASCII characters, or for an unknown `empty`
   */
  constructor(tag: string, empty: "key" | "nothing") {
    if (!/^[\0-\x7f]{2}$/.test(tag)) {
      throw new RangeError(`a hash tag must be two ASCII characters, such as {}, got ${JSON.stringify(tag)}`);
    }
    if (empty !== "key" && empty !== "nothing") {
      throw new RangeError(`an empty hash tag must mean key or nothing, got ${String(empty)}`);
    }
    this.#opening = tag.charCodeAt(0);
    this.#closing = tag.charCodeAt(1);
    this.#bytesMin = empty === "key" ? 1 : 0;
  }

  find(bytes: Uint8Array, start: number, end: number): void {
    const opening = this.#opening;
    const closing = this.#closing;
    let opened = start;
    while (opened < end && bytes[opened] !== opening) opened++;
    let closed = opened + 1;
    while (closed < end && bytes[closed] !== closing) closed++;
    const found = closed < end && closed - opened - 1 >= this.#bytesMin;
    this.partStart = found ? opened + 1 : start;
    this.partEnd = found ? closed : end;
  }
}

/**
 * What stands before the first occurrence of a mark; the whole key if it has none.
 *
 * @see mcrouter's hash stop `|#|`; memcached proxy_lua.c, mcp_key_hash_filter_stop
 */
export class HashStop implements KeyPart {
  partStart = 0;
  partEnd = 0;
  readonly #mark: Uint8Array;

  /** @throws RangeError for an empty mark */
  constructor(mark: string) {
    if (mark === "") throw new RangeError('a hash stop must be at least one character, such as |#|, got ""');
    this.#mark = utf8(mark);
  }

  find(bytes: Uint8Array, start: number, end: number): void {
    const mark = this.#mark;
    const first = mark[0] as number;
    const last = end - mark.length;
    let found = start;
    while (found <= last && (bytes[found] !== first || !standsAt(bytes, found, mark))) found++;
    this.partStart = start;
    this.partEnd = found <= last ? found : end;
  }
}

function standsAt(bytes: Uint8Array, at: number, mark: Uint8Array): boolean {
  for (let i = 1; i < mark.length; i++) {
    if (bytes[at + i] !== mark[i]) return false;
  }
  return true;
}
