// Replies: whatever arrives, and however it is cut, the decoder sees the same, keeps its bounds and never throws.
import { limitsOf, TextReplyDecoder } from "@memwire/codec";
import { decodeAll, handingOf, mustEqual } from "../decoding.ts";

const tightLimits = limitsOf({ keyBytesMax: 8, valueBytesMax: 16, lineBytesMax: 48 });
const wideLimits = limitsOf();

/** The first byte says how the rest is handed over: decoding.ts. */
export function fuzz(data: Uint8Array): void {
  const { tight, ...handing } = handingOf(data[0]);
  const limits = tight ? tightLimits : wideLimits;
  const heldBytesMax = 2 * (limits.lineBytesMax + limits.valueBytesMax + 65_536);
  const decode = (pieceBytes: number, keeps: boolean): unknown[] => {
    const decoder = new TextReplyDecoder(limits);
    const handed = { pieceBytes, keeps };
    return decodeAll(decoder, data.subarray(1), handed, heldBytesMax, (found) =>
      found === "reply" ? [decoder.snapshot(), decoder.end - decoder.start] : [found, decoder.fault],
    );
  };
  mustEqual("cut differently", decode(handing.pieceBytes, handing.keeps), decode(Infinity, false));
}
