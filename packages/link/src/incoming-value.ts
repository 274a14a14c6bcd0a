// The large value that one client is sending, and how long what it asks behind it has to wait.
//
//     "head" --begin--> waits for what was asked before --startBehind--> goes to its server as it comes: "part"...
//            "tail" --end--> whole: a barrier for what is behind it --settled--> answered

import { refusalReply, type Decoded, type RequestDecoder } from "@memwire/codec";
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

  /** Some of the value came, or what ends it. @returns false if it does not end as it should */
  received(found: Decoded<"request">, { protocol, binary, text }: RequestDecoder): boolean {
    if (found === "part") {
      const { bytes, partStart, partEnd } = protocol === "binary" ? binary : text;
      this.#upload?.write(bytes, partStart, partEnd);
      return true;
    }
    this.inValue = false;
    if (found === "tail") this.#end();
    else this.#take()?.abort(refusalReply(text.refusal)); // what it is told, if it was told nothing yet
    return found === "tail";
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

  /** That was all of the value. */
  #end(): void {
    const upload = this.#take();
    upload?.end();
    if (upload?.awaitsAnswer === true) this.#barrier = upload.slot;
  }

  #take(): Upload | null {
    const upload = this.#upload;
    this.#upload = null;
    return upload;
  }
}
