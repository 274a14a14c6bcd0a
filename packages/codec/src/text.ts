// Bytes and text of one byte a character. Keys and values are bytes; these are for people, constants and tests.

/** One byte a character. @throws RangeError for a character above U+00FF */
export function latin1Bytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0xff) throw new RangeError(`character ${i} of "${text}" is above U+00FF and is not one byte`);
    bytes[i] = code;
  }
  return bytes;
}

/** One character a byte, `bytes[start]` to `bytes[end - 1]`. */
export function latin1Text(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** Whether the bytes from `start` are this ASCII text. */
export function startsWith(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (end - start < text.length) return false;
  for (let i = 0; i < text.length; i++) if (bytes[start + i] !== text.charCodeAt(i)) return false;
  return true;
}

/** Where the next line feed is, at `from` or later but before `end`; -1 if there is none. */
export function findLineFeed(bytes: Uint8Array, from: number, end: number): number {
  // Most lines are short, and there a loop beats the call; long ones go to the runtime's own search.
  const near = Math.min(end, from + 64);
  for (let i = from; i < near; i++) if (bytes[i] === 10) return i;
  if (near === end) return -1;
  if (end === bytes.length) return bytes.indexOf(10, near);
  const found = bytes.subarray(near, end).indexOf(10);
  return found < 0 ? -1 : near + found;
}
