// mcrouter's ch3, its default: a walk down a binary tree by the bits of a hash. Hot path.
//
// It knows servers by their place in the list only: one more at the end takes its share from all others, and gives it
// back when it goes; from anywhere else most keys move.
// Source: mcrouter mcrouter/lib/fbi/hash.c, furc_hash

import type { Distribution, Explanation } from "./distribution.ts";
import { murmur64a } from "./hash/murmur64a.ts";
import { addressName, namesOf, nodesOf, type Server } from "./server.ts";

const SEED = 4_193_360_111;
const TRIES = 32;
/** From one bit that is looked at to the next. */
const BIT_STEP = 23;
/** Bits that a walk can come to: each try begins below `BIT_STEP` and takes as many steps at the most. */
const HASHES_MAX = ((BIT_STEP + TRIES * BIT_STEP * BIT_STEP) >>> 6) + 1;
const HASH_BYTES = 8;

export class Ch3Distribution implements Distribution {
  readonly #names: readonly string[];
  readonly #walk = new Ch3Walk();

  constructor(servers: readonly Server[]) {
    this.#names = namesOf(nodesOf(servers, { nameOf: addressName, order: "listed", weights: "none" }));
  }

  owner(bytes: Uint8Array, start: number, end: number): number {
    return this.#walk.bucket(bytes, start, end, this.#names.length);
  }

  explain(bytes: Uint8Array): Explanation {
    const server = this.owner(bytes, 0, bytes.length);
    return { hash: ch3Hash(bytes), point: undefined, server, name: this.#names[server] };
  }
}

/** The lower 32 bits of the hash that a walk begins with. */
export function ch3Hash(bytes: Uint8Array): number {
  const halves = new Int32Array(2);
  murmur64a(bytes, 0, bytes.length, SEED, halves);
  return (halves[0] as number) >>> 0;
}

/** The walk, with its room for hashes. */
export class Ch3Walk {
  /** The hash of the key, the hash of that, and so on, in halves: bits for as far as the walk has come. */
  readonly #hashes = new Int32Array(HASHES_MAX * 2);
  readonly #halves = new Int32Array(2);
  readonly #rehashed = new Uint8Array(HASH_BYTES);
  #count = 0;

  /** The bucket of a key; 0 of one, `NO_SERVER` of none. */
  bucket(bytes: Uint8Array, start: number, end: number, buckets: number): number {
    if (buckets <= 1) return buckets - 1;
    murmur64a(bytes, start, end, SEED, this.#halves);
    this.#count = 0;
    this.#keep();

    let depth = 32 - Math.clz32(buckets - 1);
    let at = depth;
    for (let tries = 0; tries < TRIES; tries++) {
      while (this.#bit(at) === 0) {
        depth--;
        if (depth === 0) return 0;
        at = depth;
      }
      at += BIT_STEP;
      let bucket = 1;
      for (let i = 1; i < depth; i++) {
        bucket = (bucket << 1) | this.#bit(at);
        at += BIT_STEP;
      }
      if (bucket < buckets) return bucket;
    }
    return 0;
  }

  #bit(at: number): number {
    while (this.#count <= at >>> 6) this.#rehash();
    return ((this.#hashes[at >>> 5] as number) >>> (at & 31)) & 1;
  }

  /** The last hash, as eight bytes, is hashed for 64 bits more. */
  #rehash(): void {
    const low = this.#halves[0] as number;
    const high = this.#halves[1] as number;
    for (let i = 0; i < 4; i++) {
      this.#rehashed[i] = low >>> (i * 8);
      this.#rehashed[i + 4] = high >>> (i * 8);
    }
    murmur64a(this.#rehashed, 0, HASH_BYTES, SEED, this.#halves);
    this.#keep();
  }

  #keep(): void {
    this.#hashes[this.#count * 2] = this.#halves[0] as number;
    this.#hashes[this.#count * 2 + 1] = this.#halves[1] as number;
    this.#count++;
  }
}
