// Puts the items of a list in the order in which they were last used, for those that did not come in that order. Takes
// 12 bytes an item meanwhile, and a second or so for some millions: not while anybody waits.

import type { ItemLists } from "./item-lists.ts";
import { NEWER, REGION_MASK, REGION_SHIFT, USED_AT } from "./layout.ts";
import type { SlabMemory } from "./slab-memory.ts";

const EXACT_BITS = 53;

/** Items used at the same time stay as they are. */
export function orderByAge(memory: SlabMemory, lists: ItemLists, list: number): void {
  const refs = refsOf(memory, lists, list);
  const ages = usesOf(memory, refs);
  // Time and place in one number: when it was used, then which it was.
  const placeBits = Math.ceil(Math.log2(refs.length + 1));
  const first = ages.reduce((least, age) => Math.min(least, age), Infinity);
  const last = ages.reduce((most, age) => Math.max(most, age), -Infinity);
  const timeBits = Math.ceil(Math.log2(last - first + 2));
  const coarser = 2 ** Math.max(0, placeBits + timeBits - EXACT_BITS);
  const places = 2 ** placeBits;
  for (let i = 0; i < ages.length; i++) {
    ages[i] = Math.floor(((ages[i] as number) - first) / coarser) * places + i;
  }
  ages.sort();
  for (const ref of refs) lists.remove(ref);
  for (const age of ages) lists.insert(refs[age % places] as number, list);
}

/** From the oldest to the newest. */
function refsOf({ words }: SlabMemory, lists: ItemLists, list: number): Int32Array {
  const refs = new Int32Array(lists.length(list));
  let ref = lists.oldest(list);
  for (let i = 0; ref !== 0; i++) {
    refs[i] = ref;
    ref = (words[ref >>> REGION_SHIFT] as Int32Array)[((ref & REGION_MASK) << 1) + NEWER] as number;
  }
  return refs;
}

function usesOf({ words }: SlabMemory, refs: Int32Array): Float64Array {
  return Float64Array.from(
    refs,
    (ref) => (words[ref >>> REGION_SHIFT] as Int32Array)[((ref & REGION_MASK) << 1) + USED_AT] as number,
  );
}
