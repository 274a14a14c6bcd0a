// Replies: whatever arrives, however it is cut and whether values come in pieces, the decoder sees the same, keeps its
// bounds and never throws.
import { latin1Text, limitsOf, TextReplyDecoder } from "@memwire/codec";
import { decodeAll, handingOf, mustEqual } from "../decoding.ts";

const tightLimits = limitsOf({ keyBytesMax: 8, valueBytesMax: 16, lineBytesMax: 48 });
const wideLimits = limitsOf();

/** From how many bytes on values come in pieces, by the upper bits of the first byte. */
const PARTS_FROM_BYTES = [Infinity, 0, 1, 2, 5, 8, 64, 1024];

/** The first byte says how the rest is handed over: decoding.ts. */
export function fuzz(data: Uint8Array): void {
  const { tight, ...handing } = handingOf(data[0]);
  const limits = tight ? tightLimits : wideLimits;
  const stream = data.subarray(1);
  const decode = (pieceBytes: number, keeps: boolean, partsFromBytes: number): unknown[] => {
    const decoder = new TextReplyDecoder(limits, { partsFromBytes });
    const wholeBytesMax = Math.min(limits.valueBytesMax, partsFromBytes);
    const heldBytesMax = 2 * (limits.lineBytesMax + wholeBytesMax + 65_536);
    return joined(
      decodeAll(decoder, stream, { pieceBytes, keeps }, heldBytesMax, (found) => noteOf(decoder, found)),
    );
  };
  const whole = decode(Infinity, false, Infinity);
  mustEqual("cut differently", decode(handing.pieceBytes, handing.keeps, Infinity), whole);
  const partsFromBytes = PARTS_FROM_BYTES[(data[0] ?? 0) >> 5] as number;
  mustEqual("in pieces", decode(handing.pieceBytes, handing.keeps, partsFromBytes), whole);
}

interface Note {
  readonly found: string;
  /** What is known of it but for its value. */
  readonly fields: unknown;
  readonly wire: string;
}

function noteOf(decoder: TextReplyDecoder, found: string): Note {
  const { bytes, start, end } = decoder;
  if (found === "fatal") return { found, fields: [decoder.fault, decoder.faultAt], wire: "" };
  const wire = latin1Text(bytes, start, end);
  if (found === "part" || found === "tail") return { found, fields: undefined, wire };
  return { found, fields: fieldsOf(decoder, found), wire };
}

/** All fields that mean something, of a whole reply or of its head, compared with what a snapshot says. */
function fieldsOf(decoder: TextReplyDecoder, found: string): unknown {
  const { kind, bytes, start, flags, hasCas, cas, number, meta } = decoder;
  const key = latin1Text(bytes, decoder.keyStart, decoder.keyEnd);
  switch (kind) {
    case "value":
    case "config":
      return [kind, key, flags, hasCas && kind === "value" && { ...cas }, decoder.valueBytes];
    case "number":
      return [kind, { ...number }];
    case "me":
    case "va":
    case "hd":
    case "en":
    case "nf":
    case "ns":
    case "ex":
    case "mn": {
      if (kind === "me") return [kind, key, decoder.snapshot()];
      const places = Array.from(meta.offsets.subarray(0, meta.count * 2), (at) => at - start);
      return [kind, places, kind === "va" ? decoder.valueBytes : decoder.snapshot()];
    }
    default:
      if (found === "head") throw new Error(`"head" of ${kind}`);
      return decoder.snapshot();
  }
}

/** Replies in pieces put together. */
function joined(notes: readonly Note[]): Note[] {
  const whole: Note[] = [];
  for (const note of notes) {
    const last = whole.at(-1);
    if (last?.found !== "head") {
      if (note.found === "part" || note.found === "tail") throw new Error(`"${note.found}" before "head"`);
      whole.push(note);
    } else if (note.found === "part") {
      if (note.wire === "") throw new Error("an empty part");
      whole[whole.length - 1] = { ...last, wire: last.wire + note.wire };
    } else if (note.found === "tail") {
      whole[whole.length - 1] = { ...last, found: "reply", wire: last.wire + note.wire };
    } else if (note.found === "fatal") whole[whole.length - 1] = note;
    else throw new Error(`"${note.found}" before "tail"`);
  }
  // In whole replies one that has not come to its end is not seen.
  if (whole.at(-1)?.found === "head") whole.pop();
  return whole;
}
