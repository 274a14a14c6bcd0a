import { latin1Bytes, latin1Text, TextReplyDecoder, SendBuffer, writeRequest } from "@memwire/codec";

const out = new SendBuffer();
writeRequest(out, { command: "gets", keys: [latin1Bytes("greeting")] });
writeRequest(out, { command: "incr", key: latin1Bytes("hits"), delta: 1n, noreply: false });
console.log(JSON.stringify(latin1Text(out.take())));
// prints "gets greeting\r\nincr hits 1\r\n"

const decoder = new TextReplyDecoder();
decoder.receive(latin1Bytes("VALUE greeting 0 5 42\r\nhello\r\nEND\r\n18446744073709551615\r\n"));
while (decoder.next() === "reply") {
  const reply = decoder.snapshot();
  if (reply.kind === "value") console.log(latin1Text(reply.value), reply.cas);
  else if (reply.kind === "number") console.log(reply.number);
}
// prints hello 42n
// prints 18446744073709551615n
