import { latin1Text, refusalReply, TextRequestDecoder, SendBuffer, writeReply } from "@memwire/codec";

const values = new Map<string, Uint8Array>();
const decoder = new TextRequestDecoder();
const out = new SendBuffer();

// socket.on("data", (chunk) => socket.write(serve(chunk))); behind "fatal" the connection is closed.
function serve(chunk: Uint8Array): Uint8Array {
  decoder.receive(chunk);
  for (let found = decoder.next(); found !== "need-data" && found !== "fatal"; found = decoder.next()) {
    const request = found === "request" ? decoder.snapshot() : undefined;
    if (request?.command === "set") {
      values.set(latin1Text(request.key), request.value);
      if (!request.noreply) writeReply(out, { kind: "stored" });
    } else if (request?.command === "get") {
      for (const key of request.keys) {
        const value = values.get(latin1Text(key));
        if (value !== undefined) writeReply(out, { kind: "value", key, flags: 0, value });
      }
      writeReply(out, { kind: "end" });
    } else if (!decoder.noreply) {
      out.latin1(latin1Text(refusalReply(request ? "unknown-command" : decoder.refusal)));
    }
  }
  return out.take();
}
const asked = new TextEncoder().encode("set greeting 0 60 5\r\nhello\r\nget greeting\r\nset a 0 0 x\r\n");
console.log(JSON.stringify(latin1Text(serve(asked))));
// prints "STORED\r\nVALUE greeting 0 5\r\nhello\r\nEND\r\nCLIENT_ERROR bad command line format\r\n"
