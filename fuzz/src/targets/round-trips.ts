// What was understood can be said again: decode, encode, decode gives the same messages.
import { TextReplyDecoder, TextRequestDecoder, SendBuffer, writeReply, writeRequest } from "@memwire/codec";
import { mustEqual } from "../decoding.ts";

/** The first byte chooses between requests and replies. */
export function fuzz(data: Uint8Array): void {
  const stream = data.subarray(1);
  if (((data[0] ?? 0) & 1) === 0) {
    roundTrip(stream, () => new TextRequestDecoder(), "request", writeRequest);
  } else {
    roundTrip(stream, () => new TextReplyDecoder(), "reply", writeReply);
  }
}

interface Decoder<Message> {
  receive(chunk: Uint8Array): void;
  next(): string;
  snapshot(): Message;
}

function roundTrip<Message extends object>(
  stream: Uint8Array,
  decoder: () => Decoder<Message>,
  found: string,
  write: (out: SendBuffer, message: Message) => void,
): void {
  const first = messagesOf(stream, decoder(), found);
  const out = new SendBuffer();
  for (const message of first) write(out, message);
  mustEqual("written and read again", messagesOf(out.take(), decoder(), found), first);
}

function messagesOf<Message extends object>(
  stream: Uint8Array,
  decoder: Decoder<Message>,
  found: string,
): Message[] {
  const messages: Message[] = [];
  decoder.receive(stream);
  for (let next = decoder.next(); next !== "need-data" && next !== "fatal"; next = decoder.next()) {
    if (next !== found) continue;
    const message = decoder.snapshot();
    if (isSayable(message)) messages.push(message);
  }
  return messages;
}

/**
 * The decoders read what memcached reads and may send. The encoders let nobody say some of it: CR and NUL within
 * keys, arguments and meta flags, CR within a reply's text, blanks around an argument, exptimes above 2^53.
 */
function isSayable(message: object): boolean {
  if ("exptime" in message && !Number.isSafeInteger(message.exptime)) return false;
  if ("argument" in message && /^ | $|[\0\r]/.test(message.argument as string)) return false;
  if ("text" in message && (message.text as string).includes("\r")) return false;
  const metaFlags = "metaFlags" in message ? (message.metaFlags as string[]) : [];
  if (metaFlags.some((flag) => /[\0\r]/.test(flag))) return false;
  if (metaFlags.some((flag) => flag.startsWith("b"))) return true; // any key
  const one = "key" in message ? [message.key as Uint8Array] : [];
  const keys = "keys" in message ? (message.keys as Uint8Array[]) : one;
  return keys.every((key) => !key.includes(13) && !key.includes(0));
}
