// Values that are handed out in pieces, as they come, instead of being held until they are whole.

/** What `next()` found. The pieces of a value in parts come only if they are asked for. */
export type Decoded<Message extends string> =
  | Message
  | "head"
  | "part"
  | "tail"
  | "invalid"
  | "fatal"
  | "need-data";

/** How a decoder hands out large values. */
export interface PartsOptions {
  /**
   * A message whose value has at least so many bytes is "head", then "part" for each piece, then "tail", so that what
   * is held of it is no more than its head. A whole number from 0; by default there is none.
   */
  readonly partsFromBytes?: number;
}

/** @throws RangeError if it is neither a whole number from 0 nor `Infinity` */
export function partsFromBytesOf({ partsFromBytes = Infinity }: PartsOptions): number {
  if (partsFromBytes === Infinity || (Number.isSafeInteger(partsFromBytes) && partsFromBytes >= 0)) {
    return partsFromBytes;
  }
  throw new RangeError(`partsFromBytes must be a whole number from 0, got ${String(partsFromBytes)}`);
}
