// What one client is to be sent: the reply whose turn it is, and those whose turn has not come.
//
//     reply of the first slot -------> output --take--> lent to the network
//     replies of those behind it --> stage --tell, when their turn is there--^
//
// A buffer is lent to it while it has something in it. Clients that have much are counted. Hot path.

import type { SendBuffer } from "@memwire/codec";
import type { Output } from "@memwire/engine";
import type { ClientContext } from "./context.ts";
import type { Slot } from "./slot.ts";
import type { SlowClient } from "./slow-clients.ts";
import { Stage } from "./stage.ts";

/**
 * Bytes that are held back while the rest of what they belong to is still to come. The values of a multi-get come
 * from several servers a turn or two apart, and a client can do nothing with them before the END: they wait for
 * it. Whole replies wait for those behind them, too, but no longer than one turn. At 16 requests in a pipeline that
 * made 1.4 writes out of 2.1.
 */
export const HELD_BYTES_MAX = 65_536;

const NOTHING = new Uint8Array(0);

export class ClientOutput implements Output {
  readonly #context: ClientContext;
  readonly #client: SlowClient;
  readonly #stage: Stage;
  /** Null while there is nothing to be sent, and nothing lent to the network. */
  #output: SendBuffer | null = null;
  /** What the network was given and has not taken yet. */
  #lentBytes = 0;
  /** Bytes of it in `bufferedBytesNow`, which only those who have much are counted in. */
  #countedBytes = 0;

  /** @param client Whose it is. */
  constructor(context: ClientContext, client: SlowClient) {
    this.#context = context;
    this.#client = client;
    this.#stage = new Stage(context.buffers);
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

  /** Some of the reply whose turn it is. @returns `heldBytes` */
  write(bytes: Uint8Array, start: number, end: number): number {
    const output = (this.#output ??= this.#context.buffers.lend());
    output.copy(bytes, start, end);
    return output.length + this.#stage.bytes;
  }

  /** Some of the reply of a slot whose turn has not come. @returns `heldBytes` */
  stage(slot: Slot, bytes: Uint8Array, start: number, end: number): number {
    this.#stage.add(slot, bytes, start, end);
    return this.heldBytes;
  }

  /** So many bytes more are kept by a slot itself; fewer, where that is below 0. */
  staged(bytes: number): void {
    this.#stage.bytes += bytes;
  }

  /** It is the turn of that slot: what is staged of it may be sent. */
  tell(slot: Slot): void {
    this.#output = this.#stage.tell(slot, this.#output);
  }

  take(bytesMax: number): Uint8Array {
    if (this.#output === null) return NOTHING;
    const lent = this.#output.take(bytesMax);
    this.#lentBytes = lent.length;
    if (lent.length >= HELD_BYTES_MAX) this.count();
    return lent;
  }

  reclaim(): void {
    const output = this.#output;
    if (output === null) return;
    output.reclaim();
    this.#lentBytes = 0;
    if (this.#countedBytes > 0) {
      this.#context.slow.took(this.#client, this.#context.now);
      this.count();
    }
    if (output.length > 0) return;
    this.#output = null;
    this.#context.buffers.giveBack(output);
  }

  /** Bytes came or went, of one that has much. */
  count(): void {
    const { unsentBytes } = this;
    const counted = unsentBytes >= HELD_BYTES_MAX ? unsentBytes : 0;
    const before = this.#countedBytes;
    this.#context.counters.bufferedBytesNow += counted - before;
    this.#countedBytes = counted;
    if (before === 0 && counted > 0) this.#context.slow.enter(this.#client, this.#context.now);
    if (before > 0 && counted === 0) this.#context.slow.leave(this.#client);
  }

  /** Nothing of it is sent any more, but for what the network has. */
  abandon(): void {
    this.#stage.forget();
    this.#output = null;
    this.#lentBytes = 0;
    this.count();
  }
}
