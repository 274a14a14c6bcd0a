// Copying a part of one array into another. Hot path.

/** Copies `source[start]` to `source[end - 1]`, which are there, to where `into` has room for them. */
export type CopyBytes = (
  source: Uint8Array,
  start: number,
  end: number,
  into: Uint8Array,
  at: number,
) => void;

/** What every runtime has. It makes an object for each part that is copied. */
export const copyByView: CopyBytes = (source, start, end, into, at) => {
  if (start === 0 && end === source.length) into.set(source, at);
  else into.set(source.subarray(start, end), at);
};
