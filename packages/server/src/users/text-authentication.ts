// What a client says before it may say anything in the text protocol, as with memcached's -Y.
//
//     set <anything> <anything> <anything> <bytes>\r\n
//     <name> <password>\r\n                               -->  STORED, and the commands begin behind it
//
// Until then each line is answered with an error, and read no further than for this. What a client can hold here is one
// line or one value, bounded like those of memcached. It is refused a number of times, then it goes: so a stranger has
// neither turns nor replies that somebody would have to bound.

import { latin1Bytes, latin1Text, type SendBuffer } from "@memwire/codec";
import type { ServerCounters } from "../counters.ts";
import type { UserCheck } from "./users.ts";

const LINE_BYTES_MAX = 2_048;
/** What memcached reads at a time; a longer value ends the connection there. */
const VALUE_BYTES_MAX = 16_384;
/** Lines and values that a client may be refused; the connection is closed with the last. */
const REFUSALS_MAX = 64;
const LENGTH_MAX = 0xffff_ffff;
const LINE_FEED = 10;

export class TextAuthentication {
  /** Whether the client has come in, or is to go. */
  state: "waiting" | "open" | "closed" = "waiting";
  readonly #check: UserCheck;
  /** The line or the value that is being received; `#held` bytes of it are there. */
  #bytes = new Uint8Array(0);
  #held = 0;
  /** Bytes that the value has, line end included; 0 while it is a line that is being received. */
  #valueBytes = 0;
  #refusals = 0;

  constructor(check: UserCheck) {
    this.#check = check;
  }

  /** Whether a line or a value has begun, of which more is to come. */
  get isInMessage(): boolean {
    return this.#held > 0 || this.#valueBytes > 0;
  }

  /**
   * Reads from a lent chunk as long as the client waits to come in.
   *
   * @returns where what is left of it begins
   */
  receive(chunk: Uint8Array, output: SendBuffer, counters: ServerCounters): number {
    let at = 0;
    while (at < chunk.length && this.state === "waiting") {
      at = this.#valueBytes === 0 ? this.#receiveLine(chunk, at, output) : this.#receiveValue(chunk, at);
      if (this.#valueBytes === 0 || this.#held < this.#valueBytes) continue;
      const refusal = this.#answer(counters);
      if (refusal === undefined) output.latin1("STORED\r\n");
      else this.#refuse(refusal, output);
      this.#held = 0;
      this.#valueBytes = 0;
    }
    return at;
  }

  #receiveLine(chunk: Uint8Array, at: number, output: SendBuffer): number {
    const found = chunk.indexOf(LINE_FEED, at);
    const end = found < 0 ? chunk.length : found;
    if (this.#held + end - at > LINE_BYTES_MAX) {
      this.state = "closed";
      return chunk.length;
    }
    this.#hold(chunk, at, end, LINE_BYTES_MAX);
    if (found < 0) return end;
    const length = lengthIn(latin1Text(this.#bytes, 0, this.#held));
    this.#held = 0;
    if (length === undefined) this.#refuse("unauthenticated", output);
    else if (length > VALUE_BYTES_MAX) this.state = "closed";
    else this.#valueBytes = length + 2;
    return end + 1;
  }

  #receiveValue(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#valueBytes - this.#held);
    this.#hold(chunk, at, end, this.#valueBytes);
    return end;
  }

  #hold(chunk: Uint8Array, start: number, end: number, room: number): void {
    if (this.#bytes.length < room) {
      const bytes = new Uint8Array(room);
      bytes.set(this.#bytes);
      this.#bytes = bytes;
    }
    this.#bytes.set(chunk.subarray(start, end), this.#held);
    this.#held += end - start;
  }

  #refuse(reason: string, output: SendBuffer): void {
    output.latin1(`CLIENT_ERROR ${reason}\r\n`);
    if (++this.#refusals === REFUSALS_MAX) this.state = "closed";
  }

  /** The value is there: the client comes in. @returns what is wrong if it does not */
  #answer(counters: ServerCounters): string | undefined {
    const value = latin1Text(this.#bytes, 0, this.#held);
    if (!value.endsWith("\r\n")) return "bad command line termination";
    const [name, password] = wordsOf(value.slice(0, -2));
    if (name === undefined || password === undefined) return "bad authentication token format";
    counters.authCmds++;
    if (this.#check(latin1Bytes(name), latin1Bytes(password))) {
      this.state = "open";
      return undefined;
    }
    counters.authErrors++;
    return "authentication failure";
  }
}

/** The length of the value that a line announces; `undefined` if it is not a `set`. */
function lengthIn(line: string): number | undefined {
  const [command, , , , bytes] = wordsOf(line);
  if (command !== "set" || bytes === undefined) return undefined;
  const digits = /^(\d+)(?:[\t-\r]|$)/.exec(bytes)?.[1];
  return digits === undefined || Number(digits) > LENGTH_MAX ? undefined : Number(digits);
}

/** Parted by blanks, up to a NUL. */
function wordsOf(text: string): readonly string[] {
  return (text.split("\0", 1)[0] ?? "").split(" ").filter((word) => word !== "");
}
