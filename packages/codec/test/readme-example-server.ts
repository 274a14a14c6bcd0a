import {
  latin1Bytes,
  latin1Text,
  refusalReply,
  TextRequestDecoder,
  SendBuffer,
  writeReply,
} from "@memwire/codec";

const values = new Map<string, Uint8Array>();
const decoder = new TextRequestDecoder();
const out = new SendBuffer();

for (const chunk of ["set greeting 0 60 5\r\nhel", "lo\r\nget greeting\r\nset a 0 0 x\r\n"]) {
  decoder.receive(latin1Bytes(chunk));
  for (let found = decoder.next(); found !== "need-data" && found !== "fatal"; found = decoder.next()) {
    const request = found === "request" ? decoder.snapshot() : undefined;
    if (request?.command === "set") {
      values.set(latin1Text(request.key), request.value);
      writeReply(out, { kind: "stored" });
    } else if (request?.command === "get") {
      for (const key of request.keys) {
        const value = values.get(latin1Text(key));
        if (value !== undefined) writeReply(out, { kind: "value", key, flags: 0, value });
      }
      writeReply(out, { kind: "end" });
    } else out.latin1(latin1Text(refusalReply(decoder.refusal)));
  }
}
console.log(JSON.stringify(latin1Text(out.take())));
// prints "STORED\r\nVALUE greeting 0 5\r\nhello\r\nEND\r\nCLIENT_ERROR bad command line format\r\n"
