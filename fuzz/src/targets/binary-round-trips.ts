// What was understood of the binary protocol can be said again, to the same bytes.
import {
  BinaryReplyDecoder,
  BinaryRequestDecoder,
  SendBuffer,
  writeBinaryReply,
  writeBinaryRequest,
} from "@memwire/codec";
import { mustEqual } from "../decoding.ts";

/** The first byte chooses between requests and replies. */
export function fuzz(data: Uint8Array): void {
  const stream = data.subarray(1);
  if (((data[0] ?? 0) & 1) === 0) {
    roundTrip(stream, new BinaryRequestDecoder(), "request", writeBinaryRequest);
  } else {
    roundTrip(stream, new BinaryReplyDecoder(), "reply", writeBinaryReply);
  }
}

interface Decoder<Message> {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  receive(chunk: Uint8Array): void;
  next(): string;
  snapshot(): Message;
}

function roundTrip<Message>(
  stream: Uint8Array,
  decoder: Decoder<Message>,
  found: string,
  write: (out: SendBuffer, message: Message) => void,
): void {
  decoder.receive(stream);
  const out = new SendBuffer();
  for (let next = decoder.next(); next !== "need-data" && next !== "fatal"; next = decoder.next()) {
    if (next !== found) continue;
    write(out, decoder.snapshot());
    const { bytes, start, end } = decoder;
    mustEqual("written again", [...out.take()], [...bytes.subarray(start, end)]);
    out.reclaim();
  }
}
