import {
  DATAGRAM_HEADER_BYTES,
  DatagramJoiner,
  datagramRequest,
  DatagramSplitter,
  latin1Bytes,
  latin1Text,
  requestIdOf,
  SendBuffer,
  writeDatagramHeader,
} from "@memwire/codec";

// The client asks in one datagram.
const out = new SendBuffer();
writeDatagramHeader(out, 7);
out.latin1("get greeting\r\n");
const asked = out.take();

// The server answers in as many as it takes.
const answered: Uint8Array[] = [];
if (datagramRequest(asked) === "request") {
  console.log(JSON.stringify(latin1Text(asked, DATAGRAM_HEADER_BYTES)));
  const splitter = new DatagramSplitter();
  const value = "hello ".repeat(500);
  splitter.split(requestIdOf(asked), latin1Bytes(`VALUE greeting 0 ${value.length}\r\n${value}\r\nEND\r\n`));
  while (splitter.next(out) === "datagram") answered.push(out.take());
}
// prints "get greeting\r\n"

// They come in any order, and one of them twice.
const joiner = new DatagramJoiner();
for (const datagram of [...answered.slice(-1), ...answered.toReversed()]) {
  const found = joiner.receive(datagram);
  if (found === "whole") console.log(joiner.requestId, joiner.end - joiner.start);
  else console.log(found === "dropped" ? joiner.fault : found);
}
// prints part
// prints duplicate
// prints part
// prints 7 3030
