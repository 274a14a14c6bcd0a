// The ketama ring: 160 points for a server of average weight, where libmemcached and twemproxy put them.
//
//     points   15946801  24051458  32225788  57888703 ...   ascending
//     owners          0         0         0         1 ...   whose point it is
//
// A key belongs to the first point at or after its hash; after the last point, to the first.

import { md5Words } from "./hash/md5.ts";
import { SERVERS_MAX, type Node } from "./server.ts";
import { utf8 } from "./utf8.ts";

export interface Ring {
  readonly points: Uint32Array;
  readonly owners: Uint16Array;
}

const POINTS_PER_SERVER = 160;
const POINTS_PER_DIGEST = 4;

/**
 * The ring of a list of nodes. The points are those of the MD5s of `<name>-<k>`, k from 0, four each.
 *
 * @see libmemcached libmemcached/hosts.cc, update_continuum; twemproxy src/hashkit/nc_ketama.c
 */
export function buildRing(nodes: readonly Node[]): Ring {
  let totalWeight = 0;
  for (const node of nodes) totalWeight += node.weight;

  // A point and its node as one number of 48 bits: sorted by it, equal points are in the order of the nodes, as
  // they are in twemproxy, where glibc sorts stably.
  const numbers: number[] = [];
  const words = new Uint32Array(POINTS_PER_DIGEST);
  for (const [position, { bytes, weight }] of nodes.entries()) {
    const digests = digestsOf(weight, totalWeight, nodes.length);
    for (let k = 0; k < digests; k++) {
      md5Words(pointBytes(bytes, k), words);
      for (const word of words) numbers.push(word * SERVERS_MAX + position);
    }
  }
  const sorted = Float64Array.from(numbers).sort();
  return {
    points: Uint32Array.from(sorted, (number) => Math.floor(number / SERVERS_MAX)),
    owners: Uint16Array.from(sorted, (number) => (nodes[number % SERVERS_MAX] as Node).index),
  };
}

function pointBytes(name: Uint8Array, k: number): Uint8Array {
  const suffix = utf8(`-${k}`);
  const bytes = new Uint8Array(name.length + suffix.length);
  bytes.set(name);
  bytes.set(suffix, name.length);
  return bytes;
}

/** How many digests a node has, in C's single precision at every step: other rounding moves keys. */
function digestsOf(weight: number, totalWeight: number, nodes: number): number {
  const { fround } = Math;
  const share = fround(fround(weight) / fround(totalWeight));
  const perNode = fround(fround(share * POINTS_PER_SERVER) / POINTS_PER_DIGEST);
  return Math.floor(fround(fround(perNode * fround(nodes)) + 1e-10));
}
