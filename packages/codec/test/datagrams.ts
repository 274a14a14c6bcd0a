// Datagrams for the tests: made by hand, apart from the code under test, and what a joiner made of them, owned.

import { type DatagramJoiner, DatagramSplitter, type ReplyDatagramFault, SendBuffer } from "@memwire/codec";

/** A datagram as it is on the wire. */
export function datagram(
  requestId: number,
  sequence: number,
  total: number,
  data: Iterable<number>,
  reserved = 0,
): Uint8Array {
  const numbers = [requestId, sequence, total, reserved].flatMap((number) => [number >> 8, number & 0xff]);
  return Uint8Array.from([...numbers, ...data]);
}

/** A reply as the datagrams that the splitter makes of it. */
export function split(requestId: number, reply: Uint8Array, datagramBytesMax?: number): Uint8Array[] {
  const splitter = new DatagramSplitter(datagramBytesMax);
  const out = new SendBuffer();
  const datagrams: Uint8Array[] = [];
  splitter.split(requestId, reply);
  while (splitter.next(out) === "datagram") datagrams.push(out.take());
  return datagrams;
}

export type Joined =
  | { readonly found: "whole"; readonly requestId: number; readonly reply: Uint8Array }
  | { readonly found: "part" }
  | { readonly found: "dropped"; readonly fault: ReplyDatagramFault };

/** Lends a datagram, and overwrites it as soon as it is the caller's again. */
export function receive(joiner: DatagramJoiner, bytes: Uint8Array): Joined {
  const lent = bytes.slice();
  const found = joiner.receive(lent);
  const { requestId, start, end, fault } = joiner;
  const reply = joiner.bytes.slice(start, end);
  lent.fill(0xee);
  if (found === "whole") return { found, requestId, reply };
  return found === "part" ? { found } : { found, fault };
}
