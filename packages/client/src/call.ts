// One call under way: it collects its answer, and settles its promise with it.

import { latin1Text, toBigint, type TextReplyDecoder, type ReplyKind } from "@memwire/codec";
import type { ErrorKind, Failure, ServerLink, Waiter } from "@memwire/link";
import type { CallSignal, Item } from "./client.ts";
import { ClientError } from "./client-error.ts";
import { PendingCall, type CallOwner } from "./pending-call.ts";
import type { ValueSlab } from "./value-slab.ts";

/** What a server answered to a call. */
export interface Answer {
  /** The value, if there was one. */
  readonly item: Item | undefined;
  /** The kind of the one line; "end" for a retrieval. */
  readonly kind: ReplyKind;
  /** The number, if it was one. */
  readonly number: bigint;
}

export class Call<T> extends PendingCall<T> implements Waiter, Answer {
  item: Item | undefined = undefined;
  kind: ReplyKind = "end";
  number = 0n;
  readonly #link: ServerLink;
  readonly #key: Uint8Array | null;
  readonly #finish: (answer: Answer) => T;
  #refusal: ClientError | null = null;

  /**
   * The last four parameters are those of `PendingCall`.
   *
   * @param key What a value must be of; null if the link sees to it, as it does for a plain `get`.
   */
  constructor(
    link: ServerLink,
    key: Uint8Array | null,
    finish: (answer: Answer) => T,
    resolve: (result: T) => void,
    reject: (error: unknown) => void,
    owner: CallOwner,
    signal: CallSignal | undefined,
  ) {
    super(resolve, reject, owner, signal);
    this.#link = link;
    this.#key = key;
    this.#finish = finish;
  }

  asked(): void {}

  value(reply: TextReplyDecoder): boolean {
    if (this.item !== undefined || (this.#key !== null && !isKey(reply, this.#key))) return false;
    if (!this.isOver) this.item = itemOf(reply, this.owner.slab);
    return true;
  }

  line(reply: TextReplyDecoder): void {
    this.kind = reply.kind;
    if (reply.kind === "number") this.number = toBigint(reply.number.high, reply.number.low);
  }

  refuse(line: Uint8Array, kind: ErrorKind): void {
    this.#refusal = refusalError(line, kind, this.#link.name);
  }

  done(): void {
    if (this.#refusal === null) this.resolve(this.#finish(this));
    else this.reject(this.#refusal);
  }

  fail(failure: Failure): void {
    this.reject(failureError(failure, this.#link.name));
  }

  protected override takeBack(): string {
    this.#link.giveUp(this);
    return this.#link.name;
  }
}

/** The item of a `VALUE` reply, its bytes in the slab. */
export function itemOf(reply: TextReplyDecoder, slab: ValueSlab): Item {
  const { bytes, flags, valueStart, valueEnd, hasCas, cas } = reply;
  const value = slab.copy(bytes, valueStart, valueEnd);
  return hasCas ? { value, flags, cas: toBigint(cas.high, cas.low) } : { value, flags };
}

export function isKey({ bytes, keyStart, keyEnd }: TextReplyDecoder, key: Uint8Array): boolean {
  if (keyEnd - keyStart !== key.length) return false;
  for (let i = 0; i < key.length; i++) if (bytes[keyStart + i] !== key[i]) return false;
  return true;
}

export function refusalError(line: Uint8Array, kind: ErrorKind, server: string): ClientError {
  return new ClientError(kind, server, latin1Text(line).trimEnd());
}

export function failureError({ code, text }: Failure, server: string): ClientError {
  return new ClientError(code, server, text);
}
