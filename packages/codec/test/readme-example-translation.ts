import {
  latin1Bytes,
  latin1Text,
  SendBuffer,
  TextReplyDecoder,
  textReplies,
  toBinary,
  toMeta,
  writeReply,
  writeRequest,
  type TextReply,
} from "@memwire/codec";

const out = new SendBuffer();
const request = { command: "gets", keys: ["a", "b"].map(latin1Bytes) } as const;

// A classic client asks, and the server is asked in meta.
const asked = toMeta(request);
if (!("untranslatable" in asked)) for (const each of asked) writeRequest(out, each);
console.log(JSON.stringify(latin1Text(out.take())));
// prints "mg a v f c\r\nmg b v f c\r\n"

// All that is answered to those is what the client is told.
const decoder = new TextReplyDecoder();
const answered: TextReply[] = [];
decoder.receive(latin1Bytes("VA 5 f7 c42\r\nhello\r\nEN\r\n"));
while (decoder.next() === "reply") answered.push(decoder.snapshot());
const told = textReplies(request, answered);
if (!("untranslatable" in told)) for (const reply of told) writeReply(out, reply);
console.log(JSON.stringify(latin1Text(out.take())));
// prints "VALUE a 7 5 42\r\nhello\r\nEND\r\n"

// What the other format has no words for is refused by type.
const refused = toBinary({ command: "mg", key: latin1Bytes("a"), metaFlags: ["v", "t"] });
if ("untranslatable" in refused) console.log(refused.untranslatable, "-", refused.what);
// prints flag - t of mg
