import { latin1Bytes, latin1Text, TextReplyDecoder, SendBuffer, writeRequest } from "@memwire/codec";

const out = new SendBuffer();
writeRequest(out, { command: "gets", keys: [latin1Bytes("greeting")] });
writeRequest(out, { command: "incr", key: latin1Bytes("hits"), delta: 1n, noreply: false });
writeRequest(out, { command: "mg", key: latin1Bytes("greeting"), metaFlags: ["v", "t"] });
console.log(JSON.stringify(latin1Text(out.take())));
// prints "gets greeting\r\nincr hits 1\r\nmg greeting v t\r\n"

const decoder = new TextReplyDecoder();
decoder.receive(
  latin1Bytes("VALUE greeting 0 5 42\r\nhello\r\nEND\r\n18446744073709551615\r\nVA 5 t60\r\nhello\r\n"),
);
while (decoder.next() === "reply") {
  const reply = decoder.snapshot();
  if (reply.kind === "value") console.log(latin1Text(reply.value), reply.cas);
  else if (reply.kind === "number") console.log(reply.number);
  else if (reply.kind === "va") console.log(latin1Text(reply.value), ...reply.metaFlags);
}
// prints hello 42n
// prints 18446744073709551615n
// prints hello t60
