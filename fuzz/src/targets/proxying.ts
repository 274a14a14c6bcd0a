// What a proxy does with requests: sent on with changes they are as many as before, and translated they can be written.
import {
  BinaryRequestDecoder,
  type BinaryRequest,
  isMetaRequest,
  RequestForwarder,
  SendBuffer,
  TextRequestDecoder,
  type TextRequest,
  toBinary,
  toClassic,
  toMeta,
  writeBinaryRequest,
  writeRequest,
} from "@memwire/codec";
import { mustEqual } from "../decoding.ts";

const prefix = Uint8Array.of(112, 58); // "p:"
const forwarders = [
  new RequestForwarder(),
  new RequestForwarder({ answered: true }),
  new RequestForwarder({ addPrefix: prefix, exptime: -1 }),
  new RequestForwarder({ removePrefix: prefix, exptime: 60, answered: true }),
] as const;

interface Decoder<Request> {
  receive(chunk: Uint8Array): void;
  next(): string;
  snapshot(): Request;
}

/** The first byte chooses the protocol, what is changed, and whether there is an opaque. */
export function fuzz(data: Uint8Array): void {
  const choice = data[0] ?? 0;
  const forwarder = forwarders[(choice >> 1) & 3] as RequestForwarder;
  const opaque = (choice & 8) === 0 ? undefined : 42;
  const stream = data.subarray(1);
  if ((choice & 1) === 0) {
    const asked = new TextRequestDecoder();
    const sent = new TextRequestDecoder();
    sendOn(stream, asked, sent, (out) => forwarder.write(out, asked, opaque), translateText);
  } else {
    const asked = new BinaryRequestDecoder();
    const sent = new BinaryRequestDecoder();
    sendOn(stream, asked, sent, (out) => forwarder.write(out, asked, opaque), translateBinary);
  }
}

/** @throws Error if what was written is not the same commands again */
function sendOn<Request extends TextRequest | BinaryRequest>(
  stream: Uint8Array,
  asked: Decoder<Request>,
  sent: Decoder<Request>,
  forward: (out: SendBuffer) => string,
  translate: (request: Request) => void,
): void {
  const out = new SendBuffer();
  const written: string[] = [];
  asked.receive(stream);
  for (let found = asked.next(); found !== "need-data" && found !== "fatal"; found = asked.next()) {
    if (found !== "request") continue;
    const before = out.length;
    if (forward(out) === "written") written.push(nameOf(asked.snapshot()));
    else if (out.length !== before) throw new Error("refused, and written all the same");
    translate(asked.snapshot());
  }
  const read: string[] = [];
  sent.receive(out.take());
  for (let found = sent.next(); found !== "need-data"; found = sent.next()) {
    if (found !== "request") throw new Error(`${found} in what was sent on`);
    read.push(nameOf(sent.snapshot()));
  }
  mustEqual("sent on", read, written);
}

/** Without the `q` that a quiet opcode has. */
const nameOf = (request: TextRequest | BinaryRequest): string =>
  "opcode" in request ? request.opcode.replace(/q$/, "") : request.command;

function translateText(request: TextRequest): void {
  const binary = toBinary(request);
  if (!("untranslatable" in binary)) for (const each of binary) writeBinaryRequest(new SendBuffer(), each);
  const text = isMetaRequest(request) ? toClassic(request) : toMeta(request);
  if (!("untranslatable" in text)) for (const each of text) encode(each);
}

function translateBinary(request: BinaryRequest): void {
  for (const text of [toClassic(request), toMeta(request)]) {
    if (!("untranslatable" in text)) for (const each of text) encode(each);
  }
}

/** The decoders read CR and NUL within keys and exptimes above 2^53, which the encoders let nobody say. */
function encode(request: TextRequest): void {
  if ("exptime" in request && !Number.isSafeInteger(request.exptime)) return;
  const keys = "keys" in request ? request.keys : "key" in request ? [request.key] : [];
  const isPlain = !("metaFlags" in request) || !request.metaFlags.includes("b");
  if (isPlain && keys.some((key) => key.includes(13) || key.includes(0))) return;
  writeRequest(new SendBuffer(), request);
}
