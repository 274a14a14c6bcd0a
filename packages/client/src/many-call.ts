// One retrieval of many keys: a part at each connection that has some of them, told key by key.
//
//     getEach [a b c d] --> link 1: get a c    values come in the order of the keys from memcached, in any order from
//                           link 2: get b d    a proxy; the end says that all others are not there

import type { TextReplyDecoder } from "@memwire/codec";
import type { ErrorKind, Failure, ServerLink, Waiter } from "@memwire/link";
import { failureError, isKey, itemOf, refusalError } from "./call.ts";
import type { CallSignal, Outcome } from "./client.ts";
import type { ClientError } from "./client-error.ts";
import { PendingCall, type CallOwner } from "./pending-call.ts";

/** Keys of one line: further ones of a connection go into another. */
const LINE_KEYS_MAX = 1_000;

const TOLD = -1;

export class ManyCall extends PendingCall<void> {
  readonly #each: (index: number, outcome: Outcome) => void;
  /** Parts whose keys are not all told of. */
  readonly parts: Set<ManyPart> = new Set();
  /** The part of a connection that takes its further keys. */
  readonly #growing: Map<ServerLink, ManyPart> = new Map();

  /** The last four parameters are those of `PendingCall`. */
  constructor(
    each: (index: number, outcome: Outcome) => void,
    resolve: () => void,
    reject: (error: unknown) => void,
    owner: CallOwner,
    signal: CallSignal | undefined,
  ) {
    super(resolve, reject, owner, signal);
    this.#each = each;
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
    if (this.isOver) return;
    try {
      this.#each(index, outcome);
    } catch (error) {
      this.takeBack();
      this.reject(error);
    }
  }

  partOver(part: ManyPart): void {
    this.parts.delete(part);
    if (this.parts.size === 0) this.resolve();
  }

  protected override takeBack(): string {
    for (const part of this.parts) part.link.giveUp(part);
    return "";
  }
}

/** Some keys of one connection, in one line. */
export class ManyPart implements Waiter {
  readonly link: ServerLink;
  readonly keys: Uint8Array[] = [];
  /** Which of the call's keys they are; `TOLD` once it has been told of. */
  readonly #indexes: number[] = [];
  readonly #call: ManyCall;
  /** Where the next value belongs, if they come in order. */
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

  value(reply: TextReplyDecoder): boolean {
    const found = this.#find(reply);
    if (found < 0) return false;
    this.#next = found + 1;
    const index = this.#take(found);
    if (!this.#call.isOver) this.#call.outcome(index, itemOf(reply, this.#call.owner.slab));
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
    for (let i = 0; i < this.keys.length; i++) {
      const index = this.#take(i);
      if (index !== TOLD) this.#call.outcome(index, outcome);
    }
    this.#call.partOver(this);
  }

  #take(at: number): number {
    const index = this.#indexes[at] as number;
    this.#indexes[at] = TOLD;
    return index;
  }

  /** The key of that value, looked for from the expected one on; -1 if nobody asked for it. */
  #find(reply: TextReplyDecoder): number {
    const { length } = this.keys;
    for (let i = 0; i < length; i++) {
      const at = (this.#next + i) % length;
      if (this.#indexes[at] !== TOLD && isKey(reply, this.keys[at] as Uint8Array)) return at;
    }
    return -1;
  }
}
