// Requests: whatever arrives, and however it is cut, the decoder sees the same, keeps its bounds and never throws.
import { limitsOf, type Limits, TextRequestDecoder } from "@memwire/codec";
import { decodeAll, handingOf, mustEqual } from "../decoding.ts";

// Small enough for the fuzzer to come to every limit, and to more than it.
const tightLimits = limitsOf({
  keyBytesMax: 8,
  valueBytesMax: 16,
  lineBytesMax: 48,
  retrievalLineBytesMax: 160,
  keysMax: 4,
});
const wideLimits = limitsOf();

/** As `heldBytes` promises. */
function heldBytesMax(limits: Limits): number {
  const messageBytes = Math.max(limits.retrievalLineBytesMax, limits.lineBytesMax + limits.valueBytesMax);
  return 2 * (messageBytes + 65_536) + 8 * (limits.keysMax + 2);
}

/** The first byte says how the rest is handed over: decoding.ts. */
export function fuzz(data: Uint8Array): void {
  const { tight, ...handing } = handingOf(data[0]);
  const limits = tight ? tightLimits : wideLimits;
  const decode = (pieceBytes: number, keeps: boolean): unknown[] => {
    const decoder = new TextRequestDecoder(limits);
    const handed = { pieceBytes, keeps };
    return decodeAll(decoder, data.subarray(1), handed, heldBytesMax(limits), (found) =>
      found === "request"
        ? [decoder.snapshot(), decoder.end - decoder.start, decoder.argumentsEnd - decoder.start]
        : [found, decoder.refusal, decoder.noreply],
    );
  };
  mustEqual("cut differently", decode(handing.pieceBytes, handing.keeps), decode(Infinity, false));
}
