// The points of rings: which text is hashed how, and how many texts a server has.

import type { WordHash } from "./hash/word-hash.ts";
import { md5Words } from "./hash/md5.ts";
import { sha1Words } from "./hash/sha1.ts";
import type { RingRecipe } from "./ring.ts";
import { utf8 } from "./utf8.ts";

const WORDS_PER_DIGEST = 4;
const digests = { md5: md5Words, sha1: sha1Words } as const;

/** Of each digest of `<name>-<k>` the first words, little-endian: four, as all but Python's hash_ring take them. */
export function digestPoints(
  digest: "md5" | "sha1",
  words: number = WORDS_PER_DIGEST,
): RingRecipe["addPoints"] {
  const found = new Uint32Array(WORDS_PER_DIGEST);
  return ({ bytes }, texts, into) => {
    for (let k = 0; k < texts; k++) {
      digests[digest](joined(bytes, `-${k}`), found);
      for (let i = 0; i < words; i++) into.push(found[i] as number);
    }
  };
}

/** The hash of `<name>-<k>`. */
export function hashPoints(hash: WordHash): RingRecipe["addPoints"] {
  return ({ bytes }, texts, into) => {
    for (let k = 0; k < texts; k++) {
      const text = joined(bytes, `-${k}`);
      into.push(hash(text, 0, text.length) >>> 0);
    }
  };
}

/** The bytes of a name and of what follows it. */
export function joined(name: Uint8Array, text: string): Uint8Array {
  const suffix = utf8(text);
  const bytes = new Uint8Array(name.length + suffix.length);
  bytes.set(name);
  bytes.set(suffix, name.length);
  return bytes;
}

/**
 * How many texts, each with four points, a server of that weight has, if one of average weight is to have `points`
 * points. In C's single precision at every step: other rounding moves keys.
 *
 * @see libmemcached libmemcached/hosts.cc, update_continuum; twemproxy src/hashkit/nc_ketama.c
 */
export function textsInSinglePrecision(points: number): RingRecipe["textsOf"] {
  const { fround } = Math;
  return ({ weight }, totalWeight, { length }) => {
    const share = fround(fround(weight) / fround(totalWeight));
    const perNode = fround(fround(share * points) / WORDS_PER_DIGEST);
    return Math.floor(fround(fround(perNode * fround(length)) + 1e-10));
  };
}

/** How many texts a server has if each has four points of `points`, whatever the weights. */
export function textsOfFour(points: number): RingRecipe["textsOf"] {
  return () => Math.floor(points / WORDS_PER_DIGEST);
}

/** The same without weights; with them, as libmemcached has it. */
export function textsOfFourUnlessWeighted(points: number): RingRecipe["textsOf"] {
  const weighted = textsInSinglePrecision(points);
  const equal = textsOfFour(points);
  return (node, totalWeight, nodes) =>
    totalWeight === nodes.length // each is 1 at least
      ? equal(node, totalWeight, nodes)
      : weighted(node, totalWeight, nodes);
}
