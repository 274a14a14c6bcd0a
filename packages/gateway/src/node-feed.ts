// One node of a stream: at most one message of it is asked for or held, and the next is asked for when that was taken.
//
//     idle --ask--> asked --a message--> held --take--> idle
//                     \--empty, failed--> ended, or with `follow` resting, a while that grows, --> idle
//
// An outage is told once, as a line that is held like a message.

import type { CallSignal, Item } from "@memwire/client";
import type { Millis } from "@memwire/engine";
import type { Context } from "./context.ts";
import { failureOf } from "./failure.ts";
import type { MessageFormat } from "./message-text.ts";
import { Refusal } from "./refusal.ts";
import { plainBytes, valueOf } from "./value.ts";

export interface Topic {
  readonly key: Uint8Array;
  readonly follows: boolean;
  readonly format: MessageFormat;
  /** Aborted when nobody wants an answer any more. */
  readonly signal: CallSignal;
  /** Something of a node has changed. */
  readonly changed: () => void;
}

export class NodeFeed {
  /** It has said that it is empty, and is not asked again. */
  isEmpty = false;
  readonly #context: Context;
  readonly #topic: Topic;
  readonly #server: number;
  readonly #name: string;
  #state: "idle" | "asked" | "held" | "resting" | "ended" = "idle";
  #text = "";
  #isMessage = false;
  #isOut = false;
  #isFinishing = false;
  #restMs: Millis;
  #stopResting: () => void = () => {};

  constructor(context: Context, topic: Topic, server: number, name: string) {
    this.#context = context;
    this.#topic = topic;
    this.#server = server;
    this.#name = name;
    this.#restMs = context.settings.followMinMs;
  }

  get isIdle(): boolean {
    return this.#state === "idle";
  }

  get isHeld(): boolean {
    return this.#state === "held";
  }

  get isEnded(): boolean {
    return this.#state === "ended";
  }

  /** A message of it would be lost now. */
  get isInFlight(): boolean {
    return this.#state === "asked" || (this.#state === "held" && this.#isMessage);
  }

  /** It must be idle. */
  ask(): void {
    const { client } = this.#context;
    const { key, signal } = this.#topic;
    this.#state = "asked";
    client
      .getFrom(this.#server, key, { signal })
      .then((item) => (item === undefined ? this.#empty() : this.#received(item)))
      .catch((error: unknown) => this.#outage(failureOf(error)));
  }

  /** Takes what it holds. @returns the text, and whether it is a message */
  take(): { readonly text: string; readonly isMessage: boolean } {
    const taken = { text: this.#text, isMessage: this.#isMessage };
    this.#text = "";
    this.#state = "idle";
    if (!taken.isMessage) this.#rest();
    else if (this.#isFinishing) this.#state = "ended";
    return taken;
  }

  /** Is not asked again; what it is asked for and holds can still be taken. */
  finish(): void {
    this.#isFinishing = true;
    if (this.#state === "idle" || this.#state === "resting") this.stop();
  }

  stop(): void {
    this.#stopResting();
    this.#state = "ended";
    this.#text = "";
  }

  async #received(item: Item): Promise<void> {
    const value = valueOf(item, this.#context.settings);
    const plain = await plainBytes(value, this.#context);
    if (this.#state !== "asked") return;
    this.#isOut = false;
    this.#restMs = this.#context.settings.followMinMs;
    // It is taken from the node and nowhere else: better compressed than lost.
    this.#hold(this.#topic.format.message(this.#name, plain instanceof Refusal ? value.bytes : plain), true);
  }

  #empty(): void {
    if (this.#state !== "asked") return;
    this.#isOut = false;
    this.#rest();
    this.isEmpty = this.isEnded;
    this.#topic.changed();
  }

  #outage({ message }: Refusal): void {
    if (this.#state !== "asked") return;
    this.#context.counters.nodeFailures++;
    if (this.#isOut) {
      this.#rest();
      this.#topic.changed();
      return;
    }
    this.#isOut = true;
    this.#hold(this.#topic.format.error(this.#name, message), false);
  }

  #hold(text: string, isMessage: boolean): void {
    this.#text = text;
    this.#isMessage = isMessage;
    this.#state = "held";
    this.#topic.changed();
  }

  /** Until it is asked again, if it is. */
  #rest(): void {
    if (!this.#topic.follows || this.#isFinishing) {
      this.#state = "ended";
      return;
    }
    const { clock, settings } = this.#context;
    this.#state = "resting";
    this.#stopResting = clock.at(clock.now() + this.#restMs, () => {
      this.#state = "idle";
      this.#topic.changed();
    });
    this.#restMs = Math.min(2 * this.#restMs, settings.followMaxMs);
  }
}
