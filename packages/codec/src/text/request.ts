// Requests as plain values: what `snapshot()` answers and `writeRequest` takes.

import type { MetaRequest } from "../meta/meta-message.ts";

/** A request that owns its bytes. */
export type TextRequest = ClassicRequest | AdminRequest | MetaRequest;

/** A command of the text protocol. */
export type CommandName = TextRequest["command"];

export type ClassicCommandName = ClassicRequest["command"];
export type AdminCommandName = AdminRequest["command"];
export type MetaCommandName = MetaRequest["command"];

export type StorageCommand = "set" | "add" | "replace" | "append" | "prepend";

/** What clients ask for. `exptime` is in seconds as the client sent it; `cas` and `delta` are 64-bit. */
export type ClassicRequest =
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

/**
 * What operators ask for. `argument` is all words behind the command, with the blanks between them. `config` is
 * ElastiCache's. `watch` and `config` have no `noreply`: there it is a word as others.
 */
export interface AdminRequest {
  readonly command:
    | "lru_crawler"
    | "lru"
    | "slabs"
    | "cache_memlimit"
    | "watch"
    | "refresh_certs"
    | "extstore"
    | "config"
    | "debugtime";
  readonly argument: string;
  readonly noreply: boolean;
}
