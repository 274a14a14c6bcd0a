// What clients ask and what they are answered, for whoever started the server with `-vv`, much as memcached says it:
//
//     <70 new auto-negotiating client connection
//     <70 get a b                        the line of a request, never its value
//     >70 sending key a                  a value, without its bytes
//     >70 END                            a line of a reply
//     <70 Read binary protocol data:     and the 24 bytes of the header, in hex
//     <70 GET a
//     >70 Writing bin response:          and those of its header
//
// Statistics and walks through the items stay out, which are long. Bytes that are no printable ASCII are written as
// `\x0a`, so that no client writes lines of its own.

import { latin1Text } from "@memwire/codec";
import type { ConnectionId } from "@memwire/engine";
import type { Connection } from "../connection.ts";
import { PROTOCOL_NAMES } from "../options.ts";

/** Of a line; what is behind it is left out. */
const LINE_BYTES_MAX = 1_024;

const LINE_FEED = 10;
const HEADER_BYTES = 24;
const BODY_LENGTH_AT = 8;
const WORD_BYTES = 4;

export class Transcript {
  readonly #say: (line: string) => void;
  /** Where in what was written the reply to the message at hand begins. */
  #from = 0;
  /** Whether that reply is told: a long one is not. */
  #isTold = true;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  accepted({ port, protocol }: Connection): void {
    const kind = protocol === undefined ? "auto-negotiating" : PROTOCOL_NAMES[protocol];
    this.#say(`<${port.id} new ${kind} client connection`);
  }

  closed({ port }: Connection): void {
    this.#say(`<${port.id} connection closed.`);
  }

  /** The decoder is at a message that is carried out next, or refused. */
  asked({ decoder, output, port }: Connection, isRefused: boolean): void {
    this.#from = output.writtenBytes;
    const isStats =
      decoder.protocol === "binary" ? decoder.binary.opcode === "stat" : decoder.text.command === "stats";
    this.#isTold = isRefused || !isStats;
    if (decoder.protocol === "binary") {
      const { bytes, start, opcode, keyStart, keyEnd, refusal } = decoder.binary;
      // Where a header is none, what is behind its first byte may be anything, a password as well.
      const headerBytes = isRefused && refusal === "bad-magic" ? 1 : HEADER_BYTES;
      this.#say(`<${port.id} Read binary protocol data:`);
      this.#sayHeader(`<${port.id}    `, bytes.subarray(start, start + headerBytes));
      if (isRefused) return;
      this.#say(`<${port.id} ${`${opcode.toUpperCase()} ${lineOf(bytes, keyStart, keyEnd)}`.trimEnd()}`);
    } else {
      const { bytes, start, lineEnd } = decoder.text;
      this.#say(`<${port.id} ${lineOf(bytes, start, lineEnd)}`);
    }
  }

  /** A reply of which some was written before is to go on. */
  goesOn({ output }: Connection): void {
    this.#from = output.writtenBytes;
    this.#isTold = true;
  }

  /** What was written since then is the reply, or some of it. */
  answered(connection: Connection): void {
    this.replied(connection, connection.output.written(this.#from));
  }

  /** That is the reply to the message at hand, or some of it. */
  replied({ decoder, port }: Connection, bytes: Uint8Array): void {
    if (!this.#isTold) return;
    if (decoder.protocol === "binary") this.#sayReplies(port.id, bytes);
    else this.#sayLines(port.id, bytes);
  }

  #sayLines(id: ConnectionId, bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const feed = bytes.indexOf(LINE_FEED, at);
      const end = feed < 0 ? bytes.length : feed + 1;
      const line = lineOf(bytes, at, end);
      const [word, second, , fourth] = line.split(" ");
      at = end;
      if (word === "VALUE") this.#say(`>${id} sending key ${second}`);
      else this.#say(`>${id} ${line}`);
      if (word === "VALUE") at += Math.max(0, Number(fourth)) + 2;
      else if (word === "VA") at += Math.max(0, Number(second)) + 2;
    }
  }

  #sayReplies(id: ConnectionId, bytes: Uint8Array): void {
    const { buffer, byteOffset, length } = bytes;
    const view = new DataView(buffer, byteOffset, length);
    for (let at = 0; at + HEADER_BYTES <= length;) {
      this.#say(`>${id} Writing bin response:`);
      this.#sayHeader(`>${id}   `, bytes.subarray(at, at + HEADER_BYTES));
      at += HEADER_BYTES + view.getUint32(at + BODY_LENGTH_AT);
    }
  }

  #sayHeader(before: string, header: Uint8Array): void {
    for (let at = 0; at < header.length; at += WORD_BYTES) {
      const word = [...header.subarray(at, at + WORD_BYTES)].map((byte) => `0x${hex(byte)}`);
      this.#say(`${before}${word.join(" ")}`);
    }
  }
}

/** Without its end. */
function lineOf(bytes: Uint8Array, start: number, end: number): string {
  const text = latin1Text(bytes, start, Math.min(end, start + LINE_BYTES_MAX)).replace(/\r?\n$/, "");
  return text.replaceAll(/[^ -~]/g, (character) => `\\x${hex(character.charCodeAt(0))}`);
}

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");
