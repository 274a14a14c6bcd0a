// One retrieval of many keys: a part at each connection that has some of them, told key by key.
//
//     getEach [a b c d] --> link 1: get a c    values come in the order of the keys, so a value for a key further on,
//                           link 2: get b d    or the end, says that those before it are not there

import type { ReplyDecoder } from "@memwire/codec";
import type { ErrorKind, Failure, ServerLink, Waiter } from "@memwire/link";
import { abortError, failureError, isKey, itemOf, refusalError } from "./call.ts";
import type { CallSignal, Outcome } from "./client.ts";
import type { ClientError } from "./client-error.ts";

/** Keys of one line: further ones of a connection go into another. */
const LINE_KEYS_MAX = 1_000;

export class ManyCall {
  readonly #each: (index: number, outcome: Outcome) => void;
  readonly #resolve: () => void;
  readonly #reject: (error: unknown) => void;
  readonly #over: () => void;
  readonly #signal: CallSignal | undefined;
  readonly #abort: (() => void) | null;
  /** Parts that are still to be told of; those not yet full by their connection. */
  readonly parts: Set<ManyPart> = new Set();
  readonly #growing: Map<ServerLink, ManyPart> = new Map();
  #isSettled = false;

  /** The parameters are those of `Call`. */
  constructor(
    each: (index: number, outcome: Outcome) => void,
    resolve: () => void,
    reject: (error: unknown) => void,
    over: () => void,
    signal: CallSignal | undefined,
  ) {
    this.#each = each;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#over = over;
    this.#signal = signal;
    this.#abort = signal === undefined ? null : () => this.#giveUp();
    if (this.#abort !== null) signal?.addEventListener("abort", this.#abort);
  }

  /** Key number `index` is asked for on that connection. */
  add(link: ServerLink, key: Uint8Array, index: number): void {
    let part = this.#growing.get(link);
    if (part === undefined || part.keys.length === LINE_KEYS_MAX) {
      part = new ManyPart(link, this);
      this.#growing.set(link, part);
      this.parts.add(part);
    }
    part.add(key, index);
  }

  outcome(index: number, outcome: Outcome): void {
    if (this.#isSettled) return;
    try {
      this.#each(index, outcome);
    } catch (error) {
      this.drop(error);
    }
  }

  partOver(part: ManyPart): void {
    this.parts.delete(part);
    if (this.parts.size > 0 || this.#isSettled) return;
    this.#settle();
    this.#resolve();
  }

  /** Tells nothing more. */
  drop(error: unknown): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#reject(error);
  }

  #giveUp(): void {
    for (const part of this.parts) part.link.giveUp(part);
    this.drop(abortError(this.#signal, ""));
  }

  #settle(): void {
    this.#isSettled = true;
    if (this.#abort !== null) this.#signal?.removeEventListener("abort", this.#abort);
    this.#over();
  }
}

/** Some keys of one connection, in one line. */
export class ManyPart implements Waiter {
  readonly link: ServerLink;
  readonly keys: Uint8Array[] = [];
  /** Which of the call's keys they are. */
  readonly #indexes: number[] = [];
  readonly #call: ManyCall;
  #next = 0;
  #refusal: ClientError | undefined = undefined;

  constructor(link: ServerLink, call: ManyCall) {
    this.link = link;
    this.#call = call;
  }

  add(key: Uint8Array, index: number): void {
    this.keys.push(key);
    this.#indexes.push(index);
  }

  asked(): void {}

  value(reply: ReplyDecoder): boolean {
    const { keys } = this;
    let found = this.#next;
    while (found < keys.length && !isKey(reply, keys[found] as Uint8Array)) found++;
    if (found === keys.length) return false;
    this.#tellUpTo(found, undefined);
    this.#next++;
    this.#call.outcome(this.#indexes[found] as number, itemOf(reply));
    return true;
  }

  line(): void {}

  refuse(line: Uint8Array, kind: ErrorKind): void {
    this.#refusal = refusalError(line, kind, this.link.name);
  }

  done(): void {
    this.#end(this.#refusal);
  }

  fail(failure: Failure): void {
    this.#end(failureError(failure, this.link.name));
  }

  #end(outcome: Outcome): void {
    this.#tellUpTo(this.keys.length, outcome);
    this.#call.partOver(this);
  }

  #tellUpTo(end: number, outcome: Outcome): void {
    while (this.#next < end) this.#call.outcome(this.#indexes[this.#next++] as number, outcome);
  }
}
