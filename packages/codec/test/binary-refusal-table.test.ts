// What must come of binary requests that are not as they should be: what memcached 1.6.18 answers, and whether it goes
// on. Only that here a message behind a refused one is found whatever was in it: see docs/protocol.md.

import {
  BINARY_REFUSALS,
  BINARY_STATUSES,
  BinaryRequestDecoder,
  binaryRefusalReply,
  latin1Text,
  OPCODES,
  type BinaryRefusal,
} from "@memwire/codec";
import { expect, test } from "vitest";
import { closing, end, goingOn } from "./binary-refusal-rows.ts";
import { bin, decodeBinaryReplies, decodeBinaryRequests, type SeenRefusal } from "./binary-wire.ts";
import { byteByByte, concat, shown } from "./wire.ts";

const TEN_ZEROS = "00 0000 0000 0000 0000 00";
const noop = bin("80 0a 0000 00 00 0000 00000000 00000001 0000000000000000");
const next = expect.objectContaining({ found: "request", wire: latin1Text(noop) });

const refused = (
  bytes: Uint8Array,
  found: SeenRefusal["found"],
  refusal: BinaryRefusal,
  at: number,
): SeenRefusal => ({
  found,
  refusal,
  at,
  code: bytes[1] as number,
  opaque: 0xdeadbeef,
});

for (const [header, body, refusal, at] of closing) {
  const bytes = bin(header, body);

  test(`closes at ${shown(latin1Text(bytes))}: ${refusal} at ${at}, known by the header alone`, () => {
    const seen = [next, refused(bytes, "fatal", refusal, at)];
    expect(decodeBinaryRequests([concat([noop, bytes, noop])])).toEqual(seen);
    expect(decodeBinaryRequests(byteByByte(concat([noop, bytes, noop])))).toEqual(seen);
    expect(decodeBinaryRequests(byteByByte(concat([noop, bytes.subarray(0, 24)])))).toEqual(seen);
    expect(decodeBinaryRequests(byteByByte(concat([noop, bytes.subarray(0, 23)])))).toEqual([next]);
  });
}

for (const [header, body, refusal, at] of goingOn) {
  const bytes = bin(header, body);

  test(`refuses ${shown(latin1Text(bytes))}: ${refusal} at ${at}, and is in step behind it`, () => {
    const seen = [next, refused(bytes, "invalid", refusal, at), next];
    const whole = concat([noop, bytes, noop]);
    expect(decodeBinaryRequests([whole])).toEqual(seen);
    const pieces = bytes.length < 5000 ? byteByByte(whole) : [whole.subarray(0, 60), whole.subarray(60)];
    expect(decodeBinaryRequests(pieces)).toEqual(seen);
  });
}

test("closes without a word where a message begins with anything but 0x80, at its first byte", () => {
  for (const first of [0x00, 0x67, 0x7f, 0x81, 0x82, 0xff]) {
    const seen = [next, { found: "fatal", refusal: "bad-magic", at: 0, code: 0, opaque: 0 }];
    expect(decodeBinaryRequests([concat([noop, Uint8Array.of(first)])])).toEqual(seen);
    expect(
      decodeBinaryRequests(
        byteByByte(concat([noop, bin(`${first.toString(16).padStart(2, "0")} 0a ${TEN_ZEROS} ${end}`)])),
      ),
    ).toEqual(seen);
  }
});

test("every refusal is in the table, and closes or goes on as it says", () => {
  const said: Partial<Record<BinaryRefusal, boolean>> = { "bad-magic": true };
  for (const [, , refusal] of closing) said[refusal] = true;
  for (const [, , refusal] of goingOn) said[refusal] = false;
  expect(said).toEqual(
    Object.fromEntries(Object.entries(BINARY_REFUSALS).map(([refusal, { closes }]) => [refusal, closes])),
  );
});

test("every opcode is refused if its extras are longer by one, or its key missing or there", () => {
  for (const { name, code, extrasBytes, key } of Object.values(OPCODES)) {
    const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");
    const header = (keyBytes: number, extras: number): Uint8Array =>
      bin(
        `80 ${hex(code, 2)} ${hex(keyBytes, 4)} ${hex(extras, 2)} 00 0000 ${hex(keyBytes + extras, 8)} ${end}`,
      );
    const found = (bytes: Uint8Array): unknown => decodeBinaryRequests([bytes])[0];
    expect(found(header(key === "none" ? 0 : 1, extrasBytes + 1)), name).toMatchObject({
      refusal: "bad-extras",
    });
    if (key === "any") continue;
    expect(found(header(key === "none" ? 1 : 0, extrasBytes)), name).toMatchObject({ refusal: "bad-key" });
  }
});

test("a refusal's reply repeats opcode and opaque, quiet or not, and is a reply that clients understand", () => {
  for (const [refusal, { status }] of Object.entries(BINARY_REFUSALS)) {
    const reply = binaryRefusalReply(refusal as BinaryRefusal, 0x11, 0xdeadbeef);
    if (status === undefined) {
      expect(reply).toEqual(new Uint8Array(0));
      continue;
    }
    const { text } = BINARY_STATUSES[status];
    expect(decodeBinaryReplies([reply])).toEqual([
      {
        found: "reply",
        wire: latin1Text(reply),
        reply: {
          opcode: "setq",
          status,
          opaque: 0xdeadbeef,
          cas: 0n,
          key: new Uint8Array(0),
          value: Uint8Array.from(text, (letter) => letter.charCodeAt(0)),
        },
      },
    ]);
  }
  expect(binaryRefusalReply("too-large", 0x11, 0xdeadbeef)).toEqual(
    bin("81 11 0000 00 00 0003 0000000a deadbeef 0000000000000000", "Too large."),
  );
});

test("a value that is too large leaves opcode and key to the caller, who must forget the old one", () => {
  const decoder = new BinaryRequestDecoder({ valueBytesMax: 4 });
  decoder.receive(bin(`80 11 0003 08 00 0000 00000010 ${end}`, "\0\0\0\x07\0\0\0\x08keyhello"));
  expect(decoder.next()).toBe("invalid");
  const { bytes, opcode, keyStart, keyEnd, valueBytes, quiet, flags, exptime, refusal } = decoder;
  expect([opcode, latin1Text(bytes, keyStart, keyEnd), valueBytes, quiet, flags, exptime, refusal]).toEqual([
    "setq",
    "key",
    5,
    true,
    7,
    8,
    "too-large",
  ]);
});
