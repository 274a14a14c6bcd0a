// Numbers as binary messages and datagrams have them, the highest byte first. Hot path.

import type { Halves } from "./decimal.ts";

export function readUint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 8) | (bytes[at + 1] as number);
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}

export function readUint64(bytes: Uint8Array, at: number, into: Halves): void {
  into.high = readUint32(bytes, at);
  into.low = readUint32(bytes, at + 4);
}
