// Meta requests and replies as plain values.
//
// A flag is its letter and what follows, one byte a character: "v", "T30", "Oabc". Flags stand in the order of the
// line, which is the order in which a server answers them.

/** `key` is the key itself, also where the line has it in base64 (flag `b`). */
export type MetaRequest =
  | {
      readonly command: "mg" | "md" | "ma" | "me";
      readonly key: Uint8Array;
      readonly metaFlags: readonly string[];
    }
  | {
      readonly command: "ms";
      readonly key: Uint8Array;
      readonly metaFlags: readonly string[];
      readonly value: Uint8Array;
    }
  | { readonly command: "mn" };

/** Status lines without a value: done, a miss of `mg`, a miss, not stored, exists, and the answer to `mn`. */
export type BareMetaReplyKind = "hd" | "en" | "nf" | "ns" | "ex" | "mn";

export type MetaReply =
  | { readonly kind: BareMetaReplyKind; readonly metaFlags: readonly string[] }
  | { readonly kind: "va"; readonly metaFlags: readonly string[]; readonly value: Uint8Array }
  /** What `me` answers: the key as it stands on the wire, and `name=value` words. */
  | { readonly kind: "me"; readonly key: Uint8Array; readonly text: string };
