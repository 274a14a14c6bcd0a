import {
  BinaryRequestDecoder,
  latin1Bytes,
  latin1Text,
  ReplyForwarder,
  RequestForwarder,
  SendBuffer,
  TextReplyDecoder,
  TextRequestDecoder,
  writeBinaryRequest,
} from "@memwire/codec";

const out = new SendBuffer();
const forwarder = new RequestForwarder({ addPrefix: latin1Bytes("app:"), exptime: 60, answered: true });

const text = new TextRequestDecoder();
text.receive(latin1Bytes("set a 7 0 2 noreply\r\nhi\r\nget a b\r\nmg a v q Oclient\r\n"));
while (text.next() === "request") {
  if (forwarder.write(out, text, 42) === "written") console.log(JSON.stringify(latin1Text(out.take())));
}
// prints "set app:a 7 60 2\r\nhi\r\n"
// prints "get app:a app:b\r\n"
// prints "mg app:a v O42\r\n"

// What comes back is as the client asked for it: its own keys, its own opaque.
const back = new ReplyForwarder({ removePrefix: latin1Bytes("app:") });
const replies = new TextReplyDecoder();
replies.receive(latin1Bytes("VALUE app:a 7 2\r\nhi\r\nEND\r\nVA 2 kapp:a O42\r\nhi\r\n"));
while (replies.next() === "reply") back.write(out, replies, latin1Bytes("client"));
console.log(JSON.stringify(latin1Text(out.take())));
// prints "VALUE a 7 2\r\nhi\r\nEND\r\nVA 2 ka Oclient\r\nhi\r\n"

const binary = new BinaryRequestDecoder();
writeBinaryRequest(out, { opcode: "getq", key: latin1Bytes("a"), opaque: 1, vbucket: 0, cas: 0n });
binary.receive(out.take());
if (binary.next() === "request" && forwarder.write(out, binary, 42) === "written") {
  const sent = new BinaryRequestDecoder();
  sent.receive(out.take());
  sent.next();
  console.log(sent.opcode, latin1Text(sent.bytes, sent.keyStart, sent.keyEnd), sent.opaque);
}
// prints get app:a 42
