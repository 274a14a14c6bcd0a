// The shortest input that still does what it is kept for.

/** Removes pieces, large ones first, then makes bytes plain, as long as `holds` does; about `runsMax` tries. */
export function shrink(
  input: Uint8Array,
  holds: (input: Uint8Array) => boolean,
  runsMax = 2_000,
): Uint8Array {
  let best = input;
  let runs = 0;
  const attempt = (candidate: Uint8Array): boolean => {
    if (runs++ >= runsMax || !holds(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let length = best.length >> 1; length > 0; length >>= 1) {
    for (let at = 0; at < best.length;) {
      const without = new Uint8Array(Math.max(best.length - length, at));
      without.set(best.subarray(0, at));
      without.set(best.subarray(at + length), at);
      if (!attempt(without)) at += length;
    }
  }
  for (let at = 0; at < best.length; at++) {
    const plain = best.slice();
    plain[at] = 97; // "a"
    if (best[at] !== 97) attempt(plain);
  }
  return best;
}
