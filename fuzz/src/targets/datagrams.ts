// Datagrams: whatever comes, the joiner keeps its bounds and never throws, and what was split joins to the same.
import {
  DatagramJoiner,
  type DatagramLimits,
  datagramRequest,
  DatagramSplitter,
  SendBuffer,
} from "@memwire/codec";
import { mustEqual } from "../decoding.ts";

// Small enough for the fuzzer to come to every limit.
const limits: DatagramLimits = { repliesMax: 3, replyBytesMax: 40, datagramsMax: 6, heldBytesMax: 150 };

/**
 * The first byte chooses: datagrams as they are, each behind a byte that is its length; or replies that are split,
 * and whose datagrams come in an order that the input says.
 */
export function fuzz(data: Uint8Array): void {
  const stream = data.subarray(1);
  if (((data[0] ?? 0) & 1) === 0) joinAny(stream);
  else joinSplit(stream, 9 + ((data[0] ?? 0) >> 1));
}

function joinAny(stream: Uint8Array): void {
  const joiner = new DatagramJoiner(limits);
  for (let at = 0; at < stream.length;) {
    const start = at + 1;
    at = start + (stream[at] as number);
    const datagram = stream.slice(start, at);
    datagramRequest(datagram);
    const found = joiner.receive(datagram);
    const { bytes, start: from, end, heldBytes, replies } = joiner;
    if (!(from >= 0 && from <= end && end <= bytes.length)) {
      throw new Error(`${found} from ${from} to ${end} of ${bytes.length} bytes`);
    }
    if (end - from > limits.replyBytesMax) throw new Error(`a reply of ${end - from} bytes`);
    const heldBytesMax = limits.heldBytesMax + (found === "whole" ? limits.replyBytesMax : 0);
    if (heldBytes > heldBytesMax) throw new Error(`holds ${heldBytes} bytes, more than ${heldBytesMax}`);
    if (replies > limits.repliesMax) throw new Error(`holds ${replies} replies`);
  }
}

/** The first byte is the length of a reply; the bytes behind the reply say which datagram comes next. */
function joinSplit(stream: Uint8Array, datagramBytesMax: number): void {
  const length = stream[0] ?? 0;
  const reply = stream.slice(1, 1 + length);
  const order = stream.subarray(1 + length);
  const splitter = new DatagramSplitter(datagramBytesMax);
  const out = new SendBuffer();
  const sent: Uint8Array[] = [];
  splitter.split(length, reply);
  while (splitter.next(out) === "datagram") sent.push(out.take());
  const joiner = new DatagramJoiner();
  const left = new Set(sent.keys());
  for (const byte of [...order, ...sent.keys()]) {
    const i = byte % sent.length;
    const datagram = sent[i];
    if (left.size === 0 || datagram === undefined) return;
    const found = joiner.receive(datagram);
    const expected = left.delete(i) ? (left.size === 0 ? "whole" : "part") : "dropped";
    if (found !== expected) throw new Error(`${found} for datagram ${i} of ${sent.length}, not ${expected}`);
    if (found === "whole")
      mustEqual("joined", [...joiner.bytes.subarray(joiner.start, joiner.end)], [...reply]);
  }
}
