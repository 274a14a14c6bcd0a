// Copying a part of one array into another, either of which may be shared memory. Hot path.
//
// V8 copies to and from shared memory eight bytes at a time where both places are equally far behind a multiple of
// eight, and byte by byte where they are not: 10 KB take 13 times as long. So what is not short goes by memory of our own that
// lies as the shared one does, from or to which it is copied at full speed: a quarter of the time.

/**
 * Copies `source[start]` to `source[end - 1]`, which are there, to where `into` has room for them. The two do not
 * overlap. The same type as codec's, which this package may not import.
 */
export type CopyBytes = (
  source: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
) => void;

// Up to here a loop beats a call that makes a view: to 30 bytes on Node, 40 on Deno, 50 on Bun. At 64 it takes twice as
// long as the view on the first two.
const LOOP_BYTES_MAX = 40;

/** Up to here the way by our own memory takes longer. */
export const DIRECT_BYTES_MAX = 512;

const BETWEEN_BYTES = 65_536;

/** How far a place lies behind a multiple of eight bytes. */
export const ALIGNMENT_MASK = 7;

/** Copies by `copy` what is not so short that a loop is faster. */
export function withLoop(copy: CopyBytes): CopyBytes {
  return (source, start, end, into, at) => {
    if (end - start > LOOP_BYTES_MAX) copy(source, start, end, into, at);
    else for (let i = start; i < end; i++) into[at + i - start] = source[i] as number;
  };
}

/** Between memory that is not shared. */
export const copyByView: CopyBytes = (source, start, end, into, at) =>
  into.set(source.subarray(start, end), at);

/** @returns what copies between any memory, with memory of its own in between */
export function copierOfShared(): CopyBytes {
  let between: Uint8Array | undefined;
  return (source, start, end, into, at) => {
    if (end - start <= DIRECT_BYTES_MAX || ((source.byteOffset + start - at) & ALIGNMENT_MASK) === 0) {
      return copyByView(source, start, end, into, at);
    }
    between ??= new Uint8Array(BETWEEN_BYTES + ALIGNMENT_MASK);
    const isShared = source.buffer instanceof SharedArrayBuffer;
    for (let from = start; from < end; from += BETWEEN_BYTES) {
      const to = at + from - start;
      const bytes = Math.min(BETWEEN_BYTES, end - from);
      const aside = (isShared ? source.byteOffset + from : to) & ALIGNMENT_MASK;
      copyByView(source, from, from + bytes, between, aside);
      copyByView(between, aside, aside + bytes, into, to);
    }
  };
}
