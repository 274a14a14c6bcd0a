// A ring: points for each server, by a recipe that says where.
//
//     points   15946801  24051458  32225788  57888703 ...   ascending
//     owners          0         0         0         1 ...   whose point it is
//
// A key belongs to the first point at or after its hash; after the last point, to the first.

import { SERVERS_MAX, type Node, type NodeRule } from "./server.ts";

export interface Ring {
  readonly points: Uint32Array;
  readonly owners: Uint16Array;
}

/** Where somebody's ring has its points. */
export interface RingRecipe extends NodeRule {
  /** How many texts of a server are hashed. */
  readonly textsOf: (node: Node, totalWeight: number, nodes: readonly Node[]) => number;
  /** Adds the points of that many texts of a server. */
  readonly addPoints: (node: Node, texts: number, into: number[]) => void;
  /** Of equal points, the one of the first or of the last server counts. Default `first`. */
  readonly ties?: "first" | "last";
  /** A point owns the hashes up to itself, or those from itself on. Default `before`. */
  readonly owns?: "before" | "after";
}

/** The most points of a ring: enough for `SERVERS_MAX` servers of 160 each. */
const RING_POINTS_MAX = 16_777_216;

/** @throws RangeError for more than `RING_POINTS_MAX` points, or for none although there are servers */
export function buildRing(nodes: readonly Node[], recipe: RingRecipe): Ring {
  const numbers = numbersOf(nodes, recipe);
  const owners = Uint16Array.from(
    numbers,
    (number) => (nodes[positionOf(number, nodes, recipe)] as Node).index,
  );
  const points = Uint32Array.from(numbers, (number) => Math.floor(number / SERVERS_MAX));
  return recipe.owns === "after" ? turned({ points, owners }) : { points, owners };
}

/**
 * A point and the position of its node as one number of 48 bits: sorted by it, equal points are in the order of the
 * nodes, as they are in twemproxy, where glibc sorts stably.
 */
function numbersOf(nodes: readonly Node[], recipe: RingRecipe): Float64Array {
  let totalWeight = 0;
  for (const node of nodes) totalWeight += node.weight;

  const numbers: number[] = [];
  for (const [position, node] of nodes.entries()) {
    const texts = recipe.textsOf(node, totalWeight, nodes);
    const points: number[] = [];
    if (numbers.length + texts <= RING_POINTS_MAX) recipe.addPoints(node, texts, points);
    if (numbers.length + Math.max(texts, points.length) > RING_POINTS_MAX) {
      throw new RangeError(`a ring has at most ${RING_POINTS_MAX} points: weigh ${node.name} less`);
    }
    const tie = recipe.ties === "last" ? nodes.length - 1 - position : position;
    for (const point of points) numbers.push(point * SERVERS_MAX + tie);
  }
  // A key would have no owner.
  if (numbers.length === 0 && nodes.length > 0) {
    throw new RangeError("no server has a point on the ring: give each of them more points");
  }
  return Float64Array.from(numbers).sort();
}

function positionOf(number: number, nodes: readonly Node[], recipe: RingRecipe): number {
  const tie = number % SERVERS_MAX;
  return recipe.ties === "last" ? nodes.length - 1 - tie : tie;
}

/** What a point owns from itself on ends just before the next: there the same ring has its points the other way. */
function turned({ points, owners }: Ring): Ring {
  const { length } = points;
  const ends = new Uint32Array(length);
  const lasts = new Uint16Array(length);
  for (let i = 0; i < length; i++) {
    ends[i] = (points[i] as number) - 1;
    lasts[i] = owners[(i + length - 1) % length] as number;
  }
  const zeros = points.findLastIndex((point) => point === 0) + 1;
  if (zeros === 0) return { points: ends, owners: lasts };
  // Nothing is before 0: the share of the last one ends at the end.
  const rest = { points: new Uint32Array(length - zeros + 1), owners: new Uint16Array(length - zeros + 1) };
  rest.points.set(ends.subarray(zeros));
  rest.owners.set(lasts.subarray(zeros));
  rest.points[length - zeros] = 0xffff_ffff;
  rest.owners[length - zeros] = lasts[0] as number;
  return rest;
}
