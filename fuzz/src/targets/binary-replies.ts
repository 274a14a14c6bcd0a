// Binary replies: whatever arrives, however it is cut and whether values come whole or in parts, the decoder sees the
// same, keeps its bounds and never throws.
import { BinaryReplyDecoder, limitsOf } from "@memwire/codec";
import { decodeAll, handingOf, mustEqual } from "../decoding.ts";
import { joinAll } from "../joining.ts";

const tightLimits = limitsOf({ keyBytesMax: 8, valueBytesMax: 16 });
const wideLimits = limitsOf();

const HEAD_BYTES = 24 + 4;

/** The first byte says how the rest is handed over, decoding.ts; the second from where on values come in parts. */
export function fuzz(data: Uint8Array): void {
  const { tight, ...handing } = handingOf(data[0]);
  const partsFromBytes = data[1] ?? 0;
  const limits = tight ? tightLimits : wideLimits;
  const stream = data.subarray(2);
  const headBytesMax = HEAD_BYTES + limits.keyBytesMax;
  const heldBytesMax = 2 * (headBytesMax + limits.valueBytesMax + stream.length);
  const decode = (pieceBytes: number, keeps: boolean): unknown[] => {
    const decoder = new BinaryReplyDecoder(limits);
    return decodeAll(decoder, stream, { pieceBytes, keeps }, Math.max(256, heldBytesMax), (found) =>
      found === "reply"
        ? [decoder.snapshot(), decoder.end - decoder.start]
        : [decoder.fault, decoder.faultAt],
    );
  };
  mustEqual("cut differently", decode(handing.pieceBytes, handing.keeps), decode(Infinity, false));

  const join = (pieceBytes: number, fromBytes: number): unknown[] => {
    const decoder = new BinaryReplyDecoder(limits, { partsFromBytes: fromBytes });
    // A number is held whole: 8 bytes.
    const valueBytes = Math.min(limits.valueBytesMax, Math.max(fromBytes, 8));
    const held = Math.max(256, 2 * (headBytesMax + valueBytes + Math.min(pieceBytes, stream.length)));
    return joinAll(decoder, stream, pieceBytes, held, () => [decoder.fault, decoder.faultAt]);
  };
  mustEqual("in parts", join(handing.pieceBytes, partsFromBytes), join(Infinity, Infinity));
}
