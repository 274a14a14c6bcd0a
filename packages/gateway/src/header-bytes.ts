/** Bytes of all header names and values. */
export function headerBytes(headers: Headers): number {
  let bytes = 0;
  // A third of the time that an iterator takes on Deno.
  headers.forEach((value, name) => {
    bytes += name.length + value.length;
  });
  return bytes;
}
