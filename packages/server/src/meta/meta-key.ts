// The key of the meta command at hand, whatever its line has: itself, or base64 of it. Hot path: one object for all.

import { type SendBuffer, type TextRequestDecoder, writeBase64 } from "@memwire/codec";
import { BASE64 } from "./meta-letters.ts";

const LETTER_B = 98;
const LETTER_K = 107;
const BLANK = 32;

export class MetaKey {
  /** Half open. The decoder's bytes, or ours if the line has it in base64. */
  bytes: Uint8Array;
  start = 0;
  end = 0;
  inBase64 = false;
  readonly #own: Uint8Array;

  /** @param keyBytesMax Bytes that a key has at most. */
  constructor(keyBytesMax: number) {
    this.#own = new Uint8Array(keyBytesMax);
    this.bytes = this.#own;
  }

  /** Takes that of the request at hand. It holds as long as that does. */
  read(decoder: TextRequestDecoder): void {
    this.inBase64 = (decoder.meta.lower & BASE64) !== 0;
    if (this.inBase64) {
      this.bytes = this.#own;
      this.start = 0;
      this.end = decoder.copyKey(this.#own);
    } else {
      this.bytes = decoder.bytes;
      this.start = decoder.keyStart;
      this.end = decoder.keyEnd;
    }
  }

  /**
   * Whether an answer about an item has to have it in base64.
   *
   * memcached goes by how the key came when the item was stored. A key that would break the line of the answer goes in
   * base64 in any case, where memcached would write it as it is.
   */
  goesInBase64(storedInBase64: boolean): boolean {
    if (storedInBase64) return true;
    if (!this.inBase64) return false;
    for (let i = this.start; i < this.end; i++) {
      const byte = this.bytes[i];
      if (byte === BLANK || byte === 10 || byte === 13 || byte === 0) return true;
    }
    return false;
  }

  /** The flag k: the key; and flag b if it is in base64. */
  writeFlag(output: SendBuffer, inBase64: boolean): void {
    output.byte(BLANK);
    output.byte(LETTER_K);
    this.write(output, inBase64);
    if (!inBase64) return;
    output.byte(BLANK);
    output.byte(LETTER_B);
  }

  write(output: SendBuffer, inBase64: boolean): void {
    if (!inBase64) return output.copy(this.bytes, this.start, this.end);
    if (!this.inBase64) this.#own.set(this.bytes.subarray(this.start, this.end));
    writeBase64(output, this.#own, this.end - this.start);
  }
}
