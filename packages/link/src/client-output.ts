// What one client is to be sent: its slots in the order it asked, the reply whose turn it is, and those whose turn has
// not come.
//
//     [head] --reply--> output --take--> lent to the network
//     [slots behind it] --reply--> stage --when their turn is there--^
//
// A buffer is lent to it while it has something in it. Clients that have much are counted. Hot path.

import type { SendBuffer } from "@memwire/codec";
import type { ConnectionId, Output, Port } from "@memwire/engine";
import type { ClientContext } from "./context.ts";
import type { Slot } from "./slot.ts";
import { SlotQueue } from "./slot-queue.ts";
import type { SlowClient } from "./slow-clients.ts";
import { Stage } from "./stage.ts";

/**
 * Bytes that are held back while the rest of what they belong to is still to come. The values of a multi-get come
 * from several servers a turn or two apart, and a client can do nothing with them before the END: they wait for
 * it. Whole replies wait for those behind them, too, but no longer than one turn. At 16 requests in a pipeline that
 * made 1.4 writes out of 2.1.
 */
const HELD_BYTES_MAX = 65_536;

const NOTHING = new Uint8Array(0);

export class ClientOutput extends SlotQueue implements Output {
  readonly port: Port;
  readonly #context: ClientContext;
  readonly #client: SlowClient;
  readonly #muchBytes: number;
  readonly #stage: Stage;
  /** Null while there is nothing to be sent, and nothing lent to the network. */
  #output: SendBuffer | null = null;
  /** What the network was given and has not taken yet. */
  #lentBytes = 0;
  /** Bytes of it in `bufferedBytesNow`, which only those who have much are counted in. */
  #countedBytes = 0;

  /** @param client Whose it is. */
  constructor(context: ClientContext, client: SlowClient, id: ConnectionId) {
    super(context.counters);
    this.#context = context;
    this.#client = client;
    this.#muchBytes = Math.min(HELD_BYTES_MAX, context.limits.unsentBytesMax);
    this.#stage = new Stage(context.buffers);
    this.port = context.outbox.open(id, this, true);
  }

  /** Bytes that may be sent now. */
  get length(): number {
    return this.#output === null ? 0 : this.#output.length;
  }

  /** Bytes whose turn has not come. */
  get stagedBytes(): number {
    return this.#stage.bytes;
  }

  /** Both: all that it has not taken, but for what the network has. */
  get heldBytes(): number {
    const { bytes } = this.#stage;
    return this.#output === null ? bytes : this.#output.length + bytes;
  }

  /** All that it has not taken, what the network has of it as well. */
  get unsentBytes(): number {
    return this.heldBytes + this.#lentBytes;
  }

  /** Some of the reply of that slot. */
  reply(slot: Slot, bytes: Uint8Array, start: number, end: number): void {
    let held: number;
    if (slot === this.head) {
      const output = (this.#output ??= this.#context.buffers.lend());
      output.copy(bytes, start, end);
      held = output.length + this.#stage.bytes;
    } else {
      this.#stage.add(slot, bytes, start, end);
      held = this.heldBytes;
    }
    if (held >= this.#muchBytes) this.#holdMuch(held);
  }

  /** So many bytes more are kept by a slot itself; fewer, where that is below 0. */
  staged(bytes: number): void {
    this.#stage.bytes += bytes;
    if (bytes < 0) return;
    const held = this.heldBytes;
    if (held >= this.#muchBytes) this.#holdMuch(held);
  }

  /**
   * The reply of the first slot is whole. It leaves with those behind it that are whole as well: in this turn, or in the
   * next one if others are to come.
   */
  replied(): void {
    let { head } = this;
    while (head !== null && head.waiting === 0) {
      head = this.shift();
      if (head !== null) this.#output = this.#stage.tell(head, this.#output);
    }
    if (head === null || this.length >= HELD_BYTES_MAX) this.#context.outbox.touch(this.port);
    else this.#context.outbox.hold(this.port);
  }

  take(bytesMax: number): Uint8Array {
    if (this.#output === null) return NOTHING;
    const lent = this.#output.take(bytesMax);
    this.#lentBytes = lent.length;
    if (lent.length >= HELD_BYTES_MAX) this.#count();
    return lent;
  }

  reclaim(): void {
    const output = this.#output;
    if (output === null) return;
    output.reclaim();
    this.#lentBytes = 0;
    if (this.#countedBytes > 0) {
      this.#context.slow.took(this.#client, this.#context.now);
      this.#count();
    }
    if (output.length > 0) return;
    this.#output = null;
    this.#context.buffers.giveBack(output);
  }

  /** Nothing of it is sent any more, but for what the network has. */
  abandon(): void {
    this.clear();
    this.#stage.forget();
    this.#output = null;
    this.#lentBytes = 0;
    this.#count();
  }

  /** It has so much that it is sent at once, counted, and perhaps too much. */
  #holdMuch(held: number): void {
    const { counters, limits, outbox } = this.#context;
    if (this.length >= HELD_BYTES_MAX) outbox.touch(this.port);
    this.#count();
    // What was asked for before requests were refused comes all the same: as much again, then the slow ones go.
    const isSlow = counters.bufferedBytesNow > limits.bufferedBytesMax * 2 && held > limits.unsentBytesPause;
    if (held > limits.unsentBytesMax || isSlow) this.#client.giveUp();
  }

  /** Bytes came or went, of one that has much. */
  #count(): void {
    const { unsentBytes } = this;
    const counted = unsentBytes >= HELD_BYTES_MAX ? unsentBytes : 0;
    const before = this.#countedBytes;
    this.#context.counters.bufferedBytesNow += counted - before;
    this.#countedBytes = counted;
    if (before === 0 && counted > 0) this.#context.slow.enter(this.#client, this.#context.now);
    if (before > 0 && counted === 0) this.#context.slow.leave(this.#client);
  }
}
