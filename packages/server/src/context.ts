// What the commands of one server share.

import { BufferPool, latin1Bytes } from "@memwire/codec";
import { type Millis, Outbox } from "@memwire/engine";
import { type Store, Terms } from "@memwire/store";
import { type ServerCounters, zeroCounters } from "./counters.ts";
import { MetaKey } from "./meta-key.ts";
import { type ServerOptions, type ServerSettings, settingsOf } from "./options.ts";

/** Of an unsigned 64-bit number. */
const DIGITS_MAX = 20;

export interface Context {
  readonly settings: ServerSettings;
  readonly store: Store;
  readonly counters: ServerCounters;
  /** What the engine wants done: a command may end its connection by it. */
  readonly outbox: Outbox;
  /** Large buffers that connections take turns at. */
  readonly pool: BufferPool;
  /** The whole reply to `version`. */
  readonly versionReply: Uint8Array;
  /** Room for a number in decimal, for the length of a call. */
  readonly digits: Uint8Array;
  startedAt: Millis | undefined;
  verbosity: number;
  /** Of the meta command at hand: its key and its terms. */
  readonly key: MetaKey;
  readonly terms: Terms;
}

export function contextOf(options: ServerOptions): Context {
  const settings = settingsOf(options);
  return {
    settings,
    store: settings.store,
    counters: zeroCounters(),
    outbox: new Outbox(),
    pool: new BufferPool(),
    versionReply: latin1Bytes(`VERSION ${settings.version}\r\n`),
    digits: new Uint8Array(DIGITS_MAX),
    startedAt: options.startedAt,
    verbosity: 0,
    key: new MetaKey(settings.limits.keyBytesMax),
    terms: new Terms(),
  };
}
