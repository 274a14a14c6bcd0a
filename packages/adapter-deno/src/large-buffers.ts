// Buffers for reading large values, which all connections share.
//
// Each read costs a promise and a way through Deno's own loop: a value of 500 KB in reads of 64 KiB took twice the CPU of
// the same in reads of half a MiB. But a read that waits holds its buffer, so nobody has a large one to wait with: it is
// taken when a read has filled a buffer of 64 KiB, and given back as soon as one has not filled half of it.

/** What one has room for. */
export const LARGE_BYTES: number = 512 * 1024;

/** How many there are at most, 8 MiB together. Whoever finds none reads on in pieces of 64 KiB. */
const LARGE_BUFFERS_MAX = 16;

const spare: Uint8Array<ArrayBuffer>[] = [];
let made = 0;

/** One that is to be given back; `undefined` if all are taken. */
export function largeBuffer(): Uint8Array<ArrayBuffer> | undefined {
  const buffer = spare.pop();
  if (buffer !== undefined || made === LARGE_BUFFERS_MAX) return buffer;
  made++;
  return new Uint8Array(LARGE_BYTES);
}

export function giveBack(buffer: Uint8Array<ArrayBuffer>): void {
  spare.push(buffer);
}
