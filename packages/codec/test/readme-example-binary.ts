import {
  binaryRefusalReply,
  latin1Bytes,
  RequestDecoder,
  SendBuffer,
  writeBinaryReply,
  writeBinaryRequest,
} from "@memwire/codec";

const sent = new SendBuffer();
const common = { opaque: 7, cas: 0n, vbucket: 0 };
writeBinaryRequest(sent, { opcode: "getk", key: latin1Bytes("greeting"), ...common });
sent.copy(latin1Bytes("\x80\x50"), 0, 2); // an opcode that nobody knows
sent.copy(new Uint8Array(22), 0, 22);

const decoder = new RequestDecoder();
const out = new SendBuffer();
decoder.receive(sent.take());
for (let found = decoder.next(); found !== "need-data"; found = decoder.next()) {
  const { binary } = decoder;
  console.log(decoder.protocol, found, found === "request" ? binary.opcode : binary.refusal);
  if (found === "request") {
    const { opcode, opaque } = binary;
    const [key, value] = [latin1Bytes("greeting"), latin1Bytes("hello")];
    writeBinaryReply(out, { opcode, status: "ok", opaque, cas: 1n, flags: 0, key, value });
  } else {
    const reply = binaryRefusalReply(binary.refusal, binary.code, binary.opaque);
    out.copy(reply, 0, reply.length);
    if (found === "fatal") break;
  }
}
console.log(out.length);
// prints binary request getk
// prints binary invalid unknown-command
// prints 80
