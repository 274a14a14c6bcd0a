// What of the text protocol a server can be asked that takes nothing but binary.

import { latin1Bytes, TextRequestDecoder, toBinary } from "@memwire/codec";

/** `no`: it is well formed, and binary has no words for it. `invalid`: it is not, or is more than one request. */
export function isSayable(wire: string): "yes" | "no" | "invalid" {
  const decoder = new TextRequestDecoder();
  decoder.receive(latin1Bytes(wire));
  if (decoder.next() !== "request" || decoder.end < wire.length) return "invalid";
  if (decoder.command === "stats" || decoder.command === "quit") return "no";
  return "untranslatable" in toBinary(decoder.snapshot()) ? "no" : "yes";
}

/** Whether its key is in base64: a text server remembers which items were stored so, and tells by flag k. */
export const isInBase64 = (wire: string): boolean => /^m[gsda] .* b(?: .*)?\r$/m.test(wire);
