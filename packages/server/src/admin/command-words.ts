// The words behind a command that is not asked often, and answers in words.

import { latin1Text, type SendBuffer, type TextRequestDecoder } from "@memwire/codec";

export function wordsOf({ bytes, valueStart, valueEnd }: TextRequestDecoder): readonly string[] {
  return latin1Text(bytes, valueStart, valueEnd)
    .split(" ")
    .filter((word) => word !== "");
}

/** A whole number from 0 to `most`, in decimal digits. */
export function wholeOf(word: string | undefined, most: number): number | undefined {
  if (word === undefined || !/^[0-9]{1,15}$/.test(word)) return undefined;
  return Number(word) <= most ? Number(word) : undefined;
}

/** A whole number in decimal digits, of less than 16, with a `-` if it is below 0. */
export function integerOf(word: string | undefined): number | undefined {
  return word !== undefined && /^-?[0-9]{1,15}$/.test(word) ? Number(word) : undefined;
}

/** A number as C reads them, but for what is none. */
export function numberOf(word: string | undefined): number | undefined {
  if (word === undefined || !/^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?$/i.test(word)) {
    return undefined;
  }
  return Number(word);
}

/** Unless nobody wants to know. */
export function answer(decoder: TextRequestDecoder, output: SendBuffer, line: string): void {
  if (!decoder.noreply) output.latin1(`${line}\r\n`);
}
