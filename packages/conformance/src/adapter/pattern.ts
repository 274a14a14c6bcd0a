// The endless stream of bytes that peers under test send, known to both ends.
//
// A byte lost, doubled or moved shows as the position where the pattern broke, and 8 MiB need not be kept to be
// compared. Its period is prime: no buffer size is a multiple of it, so a shifted stream never matches.

const PERIOD_BYTES = 65_521;

const pattern = ((): Uint8Array => {
  const bytes = new Uint8Array(PERIOD_BYTES);
  let random = 1;
  for (let i = 0; i < bytes.length; i++) {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = random >>> 16;
  }
  return bytes;
})();

/** The bytes from `position` on, in memory of their own. */
export function patternBytes(position: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const part = patternAt(position + done, length - done);
    bytes.set(part, done);
    done += part.length;
  }
  return bytes;
}

/** Where `bytes`, received at `position`, first differ from the pattern; -1 if nowhere. */
export function patternBreak(position: number, bytes: Uint8Array): number {
  for (let done = 0; done < bytes.length;) {
    const expected = patternAt(position + done, bytes.length - done);
    for (let i = 0; i < expected.length; i++) {
      if (bytes[done + i] !== expected[i]) return position + done + i;
    }
    done += expected.length;
  }
  return -1;
}

function patternAt(position: number, lengthMax: number): Uint8Array {
  const start = position % PERIOD_BYTES;
  return pattern.subarray(start, Math.min(PERIOD_BYTES, start + lengthMax));
}
