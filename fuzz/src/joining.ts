// Values that come in pieces, joined: the whole messages are what a decoder that hands out none sees.

interface Decoder {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly partStart: number;
  readonly partEnd: number;
  readonly valueBytes: number;
  readonly heldBytes: number;
  receive(chunk: Uint8Array): void;
  next(): string;
}

const POISON = 0xee;

/**
 * Feeds all of `stream` and notes each message's own bytes, or what `refused` says of one that is refused.
 *
 * @throws Error if parts are not what the head said, or more is held than a head and a value that may be held
 */
export function joinAll(
  decoder: Decoder,
  stream: Uint8Array,
  pieceBytes: number,
  heldBytesMax: number,
  refused: (found: string) => unknown,
): unknown[] {
  const notes: unknown[] = [];
  let joined: number[] | undefined;
  let left = 0;
  for (let at = 0; at < stream.length; at += pieceBytes) {
    const lent = stream.slice(at, at + pieceBytes);
    decoder.receive(lent);
    for (let found = decoder.next(); found !== "need-data"; found = decoder.next()) {
      const { bytes, start, end, partStart, partEnd } = decoder;
      if (found === "head") {
        joined = [...bytes.subarray(start, end)];
        left = decoder.valueBytes;
      } else if (found === "part") {
        if (partEnd <= partStart || partEnd - partStart > left)
          throw new Error(`a part of ${partEnd - partStart}`);
        left -= partEnd - partStart;
        joined?.push(...bytes.subarray(partStart, partEnd));
      } else if (found === "tail") {
        if (left !== 0) throw new Error(`a tail with ${left} bytes to come`);
        notes.push(joined);
      } else if (found === "request" || found === "reply") notes.push([...bytes.subarray(start, end)]);
      else notes.push(refused(found));
      if (found === "fatal") return notes;
    }
    lent.fill(POISON);
    if (decoder.heldBytes > heldBytesMax) {
      throw new Error(`holds ${decoder.heldBytes} bytes, more than ${heldBytesMax}`);
    }
  }
  return notes;
}
