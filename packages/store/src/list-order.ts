// Puts the items of a list in the order in which they were last used, for those that did not come in that order. Takes
// 16 bytes an item meanwhile, and a second or so for some millions: not while anybody waits.
//
// They are sorted by one digit of their time after the other, the lowest first, as each of these passes leaves what is
// equal in its order. Whoever has to show that it is alive can do so at every item; within one call of `sort` it cannot.

import type { ItemLists } from "./item-lists.ts";
import { NEWER, REGION_MASK, REGION_SHIFT, USED_AT } from "./layout.ts";
import type { SlabMemory } from "./slab-memory.ts";

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const TIME_BITS = 32;

/** Items, and in ticks how much later each was used than the first of them. */
interface Uses {
  readonly refs: Int32Array;
  readonly ticks: Uint32Array;
}

/**
 * Items used at the same time stay as they are.
 *
 * @param step Called at least once for each item.
 */
export function orderByAge(
  memory: SlabMemory,
  lists: ItemLists,
  list: number,
  step: () => void = () => undefined,
): void {
  const count = lists.length(list);
  let uses = noUses(count);
  let free = noUses(count);
  const most = gather(uses, memory.words, lists.oldest(list), step);
  for (let shift = 0; shift < TIME_BITS && most >>> shift !== 0; shift += DIGIT_BITS) {
    sortByDigit(uses, free, shift, step);
    [uses, free] = [free, uses];
  }
  for (const ref of uses.refs) {
    lists.remove(ref);
    lists.insert(ref, list);
    step();
  }
}

function noUses(count: number): Uses {
  return { refs: new Int32Array(count), ticks: new Uint32Array(count) };
}

/** Of all items from the oldest one on. @returns the most ticks of any */
function gather(
  { refs, ticks }: Uses,
  words: readonly Int32Array[],
  oldest: number,
  step: () => void,
): number {
  let [first, last] = [Infinity, -Infinity];
  let ref = oldest;
  for (let i = 0; ref !== 0; i++) {
    const own = words[ref >>> REGION_SHIFT] as Int32Array;
    const at = (ref & REGION_MASK) << 1;
    const usedAt = own[at + USED_AT] as number;
    first = Math.min(first, usedAt);
    last = Math.max(last, usedAt);
    refs[i] = ref;
    ticks[i] = usedAt;
    ref = own[at + NEWER] as number;
    step();
  }
  for (let i = 0; i < ticks.length; i++) ticks[i] = (ticks[i] as number) - first;
  return last - first;
}

function sortByDigit(from: Uses, into: Uses, shift: number, step: () => void): void {
  const places = new Uint32Array(DIGITS);
  for (const ticks of from.ticks) {
    const digit = (ticks >>> shift) % DIGITS;
    places[digit] = (places[digit] as number) + 1;
  }
  let before = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = places[digit] as number;
    places[digit] = before;
    before += count;
  }
  for (let i = 0; i < from.refs.length; i++) {
    const ticks = from.ticks[i] as number;
    const digit = (ticks >>> shift) % DIGITS;
    const place = places[digit] as number;
    places[digit] = place + 1;
    into.refs[place] = from.refs[i] as number;
    into.ticks[place] = ticks;
    step();
  }
}
