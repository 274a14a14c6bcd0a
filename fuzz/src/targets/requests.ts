// Requests: whatever arrives, and however it is cut, the decoder sees the same, keeps its bounds and never throws;
// values that come in parts are the values that come whole.
import { limitsOf, type Limits, TextRequestDecoder } from "@memwire/codec";
import { decodeAll, handingOf, mustEqual } from "../decoding.ts";

// Small enough for the fuzzer to come to every limit, and to more than it.
const tightLimits = limitsOf({
  keyBytesMax: 8,
  valueBytesMax: 16,
  lineBytesMax: 48,
  retrievalLineBytesMax: 160,
  keysMax: 4,
  metaWordsMax: 7,
  opaqueBytesMax: 6,
});
const wideLimits = limitsOf();

/** Where values begin to come in parts, chosen by the two highest bits of the first byte. */
const PARTS_FROM = [Infinity, 0, 1, 8];

/** As `heldBytes` promises. */
function heldBytesMax(limits: Limits): number {
  const messageBytes = Math.max(limits.retrievalLineBytesMax, limits.lineBytesMax + limits.valueBytesMax);
  const words = Math.max(8, limits.keysMax + 4, limits.metaWordsMax + 2);
  return 2 * (messageBytes + 65_536) + 8 * words;
}

/** The first byte says how the rest is handed over: decoding.ts. */
export function fuzz(data: Uint8Array): void {
  const first = data[0] ?? 0;
  const { tight, ...handing } = handingOf(first);
  const limits = tight ? tightLimits : wideLimits;
  const decode = (pieceBytes: number, keeps: boolean, partsFromBytes: number): unknown[] => {
    const decoder = new TextRequestDecoder(limits, { partsFromBytes });
    const note = noting(decoder);
    const noted = decodeAll(decoder, data.subarray(1), { pieceBytes, keeps }, heldBytesMax(limits), note);
    return noted.filter((one) => one !== null);
  };
  const whole = decode(Infinity, false, Infinity);
  mustEqual("cut differently", decode(handing.pieceBytes, handing.keeps, Infinity), whole);
  const from = PARTS_FROM[first >> 6] as number;
  if (from === Infinity) return;
  mustEqual("in parts", decode(handing.pieceBytes, handing.keeps, from), whole);
}

/** What is to be compared of each answer; of a value in parts only at its end, as if it had come whole. */
function noting(decoder: TextRequestDecoder): (found: string) => unknown {
  let head: object = {};
  let fields: unknown[] = [];
  let value: number[] = [];
  let bytes = 0;
  return (found) => {
    const { end, start } = decoder;
    switch (found) {
      case "request":
        return [decoder.snapshot(), end - start, ...fieldsOf(decoder)];
      case "head":
        head = decoder.snapshot();
        fields = fieldsOf(decoder);
        value = [];
        bytes = end - start;
        return null;
      case "part":
        value.push(...decoder.bytes.subarray(decoder.partStart, decoder.partEnd));
        bytes += end - start;
        return null;
      case "tail":
        return [{ ...head, value: Uint8Array.from(value) }, bytes + end - start, ...fields];
      default:
        return [found, decoder.family, decoder.refusal, decoder.refusedAt, decoder.noreply];
    }
  };
}

/** What a snapshot does not have. */
function fieldsOf(decoder: TextRequestDecoder): unknown[] {
  const { argumentsEnd, family, meta, start } = decoder;
  const line = [family, argumentsEnd - start];
  if (family !== "meta" || decoder.command === "mn" || decoder.command === "me") return line;
  const { cas, exptime, flags, mode, newCas, quiet, recacheExptime, vivifyExptime } = decoder;
  const { delta, initial } = decoder;
  const key = new Uint8Array(250);
  const opaque = [meta.tokenStart("O"), meta.tokenEnd("O")].map((at) => (at < 0 ? at : at - start));
  return [
    ...line,
    decoder.copyKey(key),
    key,
    opaque,
    quiet,
    flags,
    [exptime, vivifyExptime, recacheExptime],
    meta.has("C") ? { ...cas } : null,
    meta.has("E") ? { ...newCas } : null,
    decoder.command === "ma" ? [{ ...delta }, { ...initial }] : null,
    decoder.command === "ma" || decoder.command === "ms" ? mode : null,
  ];
}
