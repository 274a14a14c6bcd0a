// Requests as plain values: what `snapshot()` answers and `writeRequest` takes.

/** A command of the classic text protocol. */
export type CommandName = TextRequest["command"];

export type StorageCommand = "set" | "add" | "replace" | "append" | "prepend";

/** A request that owns its bytes. `exptime` is in seconds as the client sent it; `cas` and `delta` are 64-bit. */
export type TextRequest =
  | { readonly command: "get" | "gets"; readonly keys: readonly Uint8Array[] }
  | { readonly command: "gat" | "gats"; readonly exptime: number; readonly keys: readonly Uint8Array[] }
  | {
      readonly command: StorageCommand;
      readonly key: Uint8Array;
      readonly flags: number;
      readonly exptime: number;
      readonly value: Uint8Array;
      readonly noreply: boolean;
    }
  | {
      readonly command: "cas";
      readonly key: Uint8Array;
      readonly flags: number;
      readonly exptime: number;
      readonly value: Uint8Array;
      readonly cas: bigint;
      readonly noreply: boolean;
    }
  | { readonly command: "delete"; readonly key: Uint8Array; readonly noreply: boolean }
  | {
      readonly command: "incr" | "decr";
      readonly key: Uint8Array;
      readonly delta: bigint;
      readonly noreply: boolean;
    }
  | {
      readonly command: "touch";
      readonly key: Uint8Array;
      readonly exptime: number;
      readonly noreply: boolean;
    }
  | { readonly command: "flush_all"; readonly exptime: number; readonly noreply: boolean }
  | { readonly command: "verbosity"; readonly level: number; readonly noreply: boolean }
  | { readonly command: "stats" | "shutdown"; readonly argument: string }
  | { readonly command: "version" | "quit" };
