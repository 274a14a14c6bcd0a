// Binary requests: whatever arrives, however it is cut and whether values come whole or in parts, the decoder sees the
// same, keeps its bounds and never throws.
import { BinaryRequestDecoder, limitsOf } from "@memwire/codec";
import { decodeAll, handingOf, mustEqual } from "../decoding.ts";
import { joinAll } from "../joining.ts";

// Small enough for the fuzzer to come to every limit, and to more than it.
const tightLimits = limitsOf({ keyBytesMax: 8, valueBytesMax: 16 });
const wideLimits = limitsOf();

const HEAD_BYTES = 24 + 20;

/** The first byte says how the rest is handed over, decoding.ts; the second from where on values come in parts. */
export function fuzz(data: Uint8Array): void {
  const { tight, ...handing } = handingOf(data[0]);
  const partsFromBytes = data[1] ?? 0;
  const limits = tight ? tightLimits : wideLimits;
  const stream = data.subarray(2);
  const headBytesMax = HEAD_BYTES + limits.keyBytesMax;
  const heldBytesMax = 2 * (headBytesMax + limits.valueBytesMax + stream.length);
  const refused = (decoder: BinaryRequestDecoder, found: string): unknown[] => {
    const { refusal, refusedAt, code, opaque } = decoder;
    return [found, refusal, refusedAt, ...(refusal === "bad-magic" ? [] : [code, opaque])];
  };
  const decode = (pieceBytes: number, keeps: boolean): unknown[] => {
    const decoder = new BinaryRequestDecoder(limits);
    return decodeAll(decoder, stream, { pieceBytes, keeps }, Math.max(256, heldBytesMax), (found) =>
      found === "request" ? [decoder.snapshot(), decoder.end - decoder.start] : refused(decoder, found),
    );
  };
  mustEqual("cut differently", decode(handing.pieceBytes, handing.keeps), decode(Infinity, false));

  const join = (pieceBytes: number, fromBytes: number): unknown[] => {
    const decoder = new BinaryRequestDecoder(limits, { partsFromBytes: fromBytes });
    const valueBytes = Math.min(limits.valueBytesMax, fromBytes);
    const held = Math.max(256, 2 * (headBytesMax + valueBytes + Math.min(pieceBytes, stream.length)));
    return joinAll(decoder, stream, pieceBytes, held, (found) => refused(decoder, found));
  };
  mustEqual("in parts", join(handing.pieceBytes, partsFromBytes), join(Infinity, Infinity));
}
