// A reply that goes through all items: a dump of keys, or sizes counted. It may be of millions.
//
// It is written a little at a time: when that is with the network, and others have had their turn, it goes on. So it
// holds neither the server up nor more than a piece of itself in memory, however slow its client is.

import type { SendBuffer } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import type { Store, StoreScan } from "@memwire/store";

// Of one turn: bytes written, and items or groups of the index looked at. A millisecond, or less.
const BYTES_A_TURN = 32_768;
const ITEMS_A_TURN = 1_024;
const GROUPS_A_TURN = 64;

/** What becomes of the items. */
export interface WalkReply {
  /** The store shows the item. @returns whether it is to go on */
  item(output: SendBuffer, key: Uint8Array, start: number, end: number): boolean;
  end(output: SendBuffer): void;
}

export class ItemWalk {
  readonly #store: Store;
  readonly #scan: StoreScan;
  readonly #reply: WalkReply;
  /** The slab classes whose items are asked for; `undefined`: all. */
  readonly #classes: ReadonlySet<number> | undefined;

  constructor(store: Store, reply: WalkReply, classes?: ReadonlySet<number>) {
    this.#store = store;
    this.#scan = store.scan();
    this.#reply = reply;
    this.#classes = classes;
  }

  /** Writes the next piece. @returns whether that was the last one */
  goOn(output: SendBuffer, now: Millis): boolean {
    const scan = this.#scan;
    const full = output.length + BYTES_A_TURN;
    let wanted = true;
    for (let items = 0; wanted && items < ITEMS_A_TURN && output.length < full; items++) {
      if (!scan.next(now, GROUPS_A_TURN)) break;
      if (this.#classes !== undefined && !this.#classes.has(this.#store.slabClass)) continue;
      wanted = this.#reply.item(output, scan.keyBytes, scan.keyStart, scan.keyEnd);
    }
    if (wanted && !scan.isOver) return false;
    this.#reply.end(output);
    return true;
  }
}
