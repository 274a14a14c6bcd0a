// What the targets share: pieces are fed as a driver feeds them, and all that can be seen of a decoder is noted.
import { inspect, isDeepStrictEqual } from "node:util";

interface Decoder {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly heldBytes: number;
  receive(chunk: Uint8Array): void;
  keep(): void;
  next(): string;
}

/** How the stream is handed over, taken from an input's first byte, so that the fuzzer can choose. */
export interface Handing {
  readonly pieceBytes: number;
  readonly tight: boolean;
  readonly keeps: boolean;
}

const POISON = 0xee;
const PIECES = [1, 2, 3, 5, 8, 13, 64, 1024];

export function handingOf(first: number | undefined): Handing {
  const byte = first ?? 0;
  return { pieceBytes: PIECES[byte & 7] as number, tight: (byte & 8) !== 0, keeps: (byte & 16) !== 0 };
}

/**
 * Feeds all of `stream` and notes each answer, but "need-data".
 *
 * @param note What is to be compared of the message at hand
 * @throws Error if an offset, the number of answers or the memory held is out of bounds, or "fatal" does not last
 */
export function decodeAll<Note>(
  decoder: Decoder,
  stream: Uint8Array,
  { pieceBytes, keeps }: Omit<Handing, "tight">,
  heldBytesMax: number,
  note: (found: string) => Note,
): Note[] {
  const notes: Note[] = [];
  for (let at = 0; at < stream.length; at += pieceBytes) {
    const lent = stream.slice(at, at + pieceBytes);
    decoder.receive(lent);
    for (let found = decoder.next(); found !== "need-data"; found = decoder.next()) {
      if (notes.length > stream.length) throw new Error("more messages than bytes");
      notes.push(note(found));
      if (found === "fatal") {
        if (decoder.next() !== "fatal") throw new Error("fatal did not last");
        return notes;
      }
      const { bytes, start, end } = decoder;
      if (!(start >= 0 && start <= end && end <= bytes.length)) {
        throw new Error(`${found} from ${start} to ${end} of ${bytes.length} bytes`);
      }
      if (!keeps) continue;
      decoder.keep();
      lent.fill(POISON);
    }
    // The chunk is the caller's again: whoever still reads it reads this.
    lent.fill(POISON);
    if (decoder.heldBytes > heldBytesMax) {
      throw new Error(`holds ${decoder.heldBytes} bytes, more than ${heldBytesMax}`);
    }
  }
  return notes;
}

/** @throws Error that shows the first note that differs */
export function mustEqual(what: string, found: readonly unknown[], expected: readonly unknown[]): void {
  if (isDeepStrictEqual(found, expected)) return;
  let first = 0;
  while (isDeepStrictEqual(found[first], expected[first])) first++;
  const show = (notes: readonly unknown[]): string =>
    inspect(notes[first], { depth: 5, maxArrayLength: 40, breakLength: Infinity });
  throw new Error(`${what}\nmessage ${first} is ${show(found)}\nexpected  ${show(expected)}`);
}
