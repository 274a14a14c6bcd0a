// The large value that one client is sending, and how long what it asks behind it has to wait.
//
//     "head" --begin--> waits for what was asked before --startBehind--> goes to its server as it comes: "part"...
//            "tail" --end--> whole: a barrier for what is behind it --settled--> answered

import type { Slot } from "./slot.ts";
import type { Upload } from "./upload.ts";

export class IncomingValue {
  /** Whether bytes that come are a value's. */
  inValue = false;
  /** The value that is coming; null also if it is thrown away. */
  #upload: Upload | null = null;
  /** Of one that came, whole. */
  #barrier: Slot | null = null;

  /** Whether its client is read no further. */
  get isFull(): boolean {
    return this.#barrier !== null || (this.#upload !== null && this.#upload.isFull);
  }

  /** Whether its client may go on. */
  get hasRoom(): boolean {
    return this.#barrier === null && (this.#upload === null || this.#upload.hasRoom);
  }

  /** @param upload Null for a value that is thrown away. */
  begin(upload: Upload | null): void {
    this.inValue = true;
    this.#upload = upload;
  }

  /** All before `head` is answered: if that is the value's place in the order, it may go. */
  startBehind(head: Slot | null): void {
    const upload = this.#upload;
    if (upload !== null && upload.slot === head) upload.start();
  }

  write(bytes: Uint8Array, start: number, end: number): void {
    this.#upload?.write(bytes, start, end);
  }

  /** That was all of the value. */
  end(): void {
    const upload = this.#upload;
    this.inValue = false;
    this.#upload = null;
    upload?.end();
    if (upload?.awaitsAnswer === true) this.#barrier = upload.slot;
  }

  /** The value does not end as it should. @param told What its client is told, if it was told nothing yet. */
  abort(told: Uint8Array): void {
    this.inValue = false;
    this.#take()?.abort(told);
  }

  /** Nothing more comes, be it in the middle of the value. */
  breakOff(): void {
    this.#take()?.abort();
  }

  settled(slot: Slot): void {
    if (slot === this.#barrier) this.#barrier = null;
  }

  /** Its client is gone. */
  forget(): void {
    this.#barrier = null;
    this.breakOff();
  }

  #take(): Upload | null {
    const upload = this.#upload;
    this.#upload = null;
    return upload;
  }
}
