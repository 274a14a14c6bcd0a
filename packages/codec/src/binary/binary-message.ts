// Binary requests and replies as plain values: what `snapshot()` answers, and what is written.

interface Common {
  /** 1 to 255, absent for 0, which is all that memcached knows and sends. */
  readonly dataType?: number;
  /** Unsigned 32-bit; comes back in the reply as it was sent. */
  readonly opaque: number;
  /** Unsigned 64-bit; 0 is none. */
  readonly cas: bigint;
  /** Unsigned 16-bit; memcached ignores it. */
  readonly vbucket: number;
}

/** The name of an opcode; the quiet ones end in `q`, those that answer with the key have a `k`. */
export type Opcode = BinaryRequest["opcode"];

export type BinaryRequest = Common &
  (
    | { readonly opcode: "get" | "getq" | "getk" | "getkq"; readonly key: Uint8Array }
    | {
        readonly opcode: "set" | "setq" | "add" | "addq" | "replace" | "replaceq";
        readonly key: Uint8Array;
        /** Unsigned 32-bit. */
        readonly flags: number;
        /** Seconds, unsigned 32-bit: from 2^31 on a Unix time as any other. */
        readonly exptime: number;
        readonly value: Uint8Array;
      }
    | {
        readonly opcode: "append" | "appendq" | "prepend" | "prependq";
        readonly key: Uint8Array;
        readonly value: Uint8Array;
      }
    | { readonly opcode: "delete" | "deleteq"; readonly key: Uint8Array }
    | {
        readonly opcode: "incr" | "incrq" | "decr" | "decrq";
        readonly key: Uint8Array;
        readonly delta: bigint;
        readonly initial: bigint;
        /** 0xffffffff: do not create what is not there. */
        readonly exptime: number;
      }
    | {
        readonly opcode: "touch" | "gat" | "gatq" | "gatk" | "gatkq";
        readonly key: Uint8Array;
        readonly exptime: number;
      }
    /** Without an exptime: at once. */
    | { readonly opcode: "flush" | "flushq"; readonly exptime?: number }
    /** The key may be empty: general statistics. */
    | { readonly opcode: "stat"; readonly key: Uint8Array }
    | { readonly opcode: "quit" | "quitq" | "noop" | "version" | "sasl-list" }
    /** The key is the mechanism, the value what it says. */
    | { readonly opcode: "sasl-auth" | "sasl-step"; readonly key: Uint8Array; readonly value: Uint8Array }
  );

/** A status that memcached knows. */
export type BinaryStatus =
  | "ok"
  | "not-found"
  | "exists"
  | "too-large"
  | "invalid"
  | "not-stored"
  | "non-numeric"
  | "unknown-command"
  | "out-of-memory"
  | "auth-error"
  | "auth-continue";

/**
 * Any reply. `flags` is there where the extras are 4 bytes, as in the answer to a get that hit. `number` is there
 * where `incr` or `decr` went well; it is the 8 bytes of `value` as a number, and the two must agree.
 */
export interface BinaryReply {
  /** Its number where it has no name: the answer to what memcached does not know. */
  readonly opcode: Opcode | number;
  readonly status: BinaryStatus;
  /** 1 to 255, absent for 0, which is all that memcached sends. */
  readonly dataType?: number;
  readonly opaque: number;
  readonly cas: bigint;
  readonly flags?: number;
  readonly number?: bigint;
  readonly key: Uint8Array;
  /** Bytes; a text for people if the status is not "ok". Names of statistics are keys, their values are values. */
  readonly value: Uint8Array;
}
