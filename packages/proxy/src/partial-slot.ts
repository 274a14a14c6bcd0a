// A multi-get of which some servers may fail: as long as another answers, their keys count as missing.
//
//     get a b c  -->  server A: VALUE a, END            VALUE a, END
//                     server B: Connection refused      b and c are missing; counted

import type { Failure, SlotOwner } from "@memwire/link";
import type { KeyOrder } from "./key-order.ts";
import { OrderedSlot } from "./ordered-slot.ts";

/** Who counts what was left out. */
export interface PartialCounter {
  /** Parts of multi-gets, a server each, that were left out. */
  partsMissed: number;
}

export class PartialSlot extends OrderedSlot {
  readonly #counter: PartialCounter;
  #parts = 0;
  #failures = 0;
  #failure: Failure | null = null;

  constructor(owner: SlotOwner, order: KeyOrder, spare: KeyOrder[], counter: PartialCounter) {
    super(owner, order, spare);
    this.#counter = counter;
  }

  override asked(): void {
    this.#parts++;
    super.asked();
  }

  override failed(failure: Failure): void {
    this.#failures++;
    this.#failure ??= failure;
  }

  override conclude(): void {
    // With nothing left there is no part of an answer.
    if (this.#failure !== null && this.#failures === this.#parts) this.refuse(this.#failure.line);
    else this.#counter.partsMissed += this.#failures;
    super.conclude();
  }
}
