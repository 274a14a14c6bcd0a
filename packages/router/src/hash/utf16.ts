// The UTF-16 units of a key in UTF-8. Clients in Java and JavaScript hash those, where others hash bytes. Hot path.

/** A hash of one more unit. */
type Step = (hash: number, unit: number) => number;

/**
 * Folds a step over the units of the text in `bytes[start]` to `bytes[end - 1]`. A byte that is part of no UTF-8 counts
 * as a unit of its own.
 */
export function foldUtf16(bytes: Uint8Array, start: number, end: number, first: number, step: Step): number {
  let hash = first;
  let at = start;
  while (at < end) {
    const lead = bytes[at] as number;
    const more = lead < 0xc0 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (more === 0 || end - at <= more) {
      hash = step(hash, lead);
      at++;
      continue;
    }
    let point = lead & (0x3f >>> more);
    for (let i = at + 1; i <= at + more; i++) point = (point << 6) | ((bytes[i] as number) & 0x3f);
    at += more + 1;
    if (point < 0x1_0000) {
      hash = step(hash, point);
    } else {
      hash = step(hash, 0xd7c0 + (point >>> 10));
      hash = step(hash, 0xdc00 | (point & 0x3ff));
    }
  }
  return hash;
}
