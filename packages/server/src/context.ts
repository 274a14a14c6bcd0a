// What the commands of one server share.

import { BufferPool, latin1Bytes } from "@memwire/codec";
import { type Millis, Outbox } from "@memwire/engine";
import type { Store } from "@memwire/store";
import { type ServerCounters, zeroCounters } from "./counters.ts";
import { type ServerOptions, type ServerSettings, settingsOf } from "./options.ts";

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
  startedAt: Millis | undefined;
  verbosity: number;
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
    startedAt: options.startedAt,
    verbosity: 0,
  };
}
