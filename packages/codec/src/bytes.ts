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

/** The text in UTF-8; half a surrogate pair becomes U+FFFD. Pure packages have no TextEncoder. */
export function utf8Bytes(text: string): Uint8Array {
  const { length } = text;
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return wideBytes(text);
    bytes[i] = code;
  }
  return bytes;
}

function wideBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  let end = 0;
  for (const character of text) {
    const point = character.codePointAt(0) as number;
    const code = point >= 0xd800 && point < 0xe000 ? 0xfffd : point;
    const trailing = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x1_0000 ? 2 : 3;
    // The marks of the first byte: 0xxxxxxx, 110xxxxx, 1110xxxx, 11110xxx.
    const mark = trailing === 0 ? 0 : (0xf00 >> (trailing + 1)) & 0xff;
    bytes[end++] = mark | (code >> (trailing * 6));
    for (let shift = (trailing - 1) * 6; shift >= 0; shift -= 6)
      bytes[end++] = 0x80 | ((code >> shift) & 0x3f);
  }
  return bytes.slice(0, end);
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

/** @throws TypeError for what is no array of bytes: a text would be written as NULs */
export function checkBytes(what: string, bytes: Uint8Array): void {
  if (bytes instanceof Uint8Array) return;
  throw new TypeError(`${what} must be bytes, a Uint8Array, got ${typeof bytes}`);
}

/** What was given, for an error: text in quotes, or "60" would look like the number that it is to be. */
export function shown(given: unknown): string {
  return typeof given === "string" ? JSON.stringify(given) : String(given);
}

/** memcached ends a command at a NUL: what follows would be read as something else. */
export function hasNul(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if (bytes[i] === 0) return true;
  return false;
}
