// One call under way: it collects its answer, and settles its promise with it.

import { latin1Text, type ReplyDecoder, type ReplyKind } from "@memwire/codec";
import type { ErrorKind, Failure, ServerLink, Waiter } from "@memwire/link";
import type { CallSignal, Item } from "./client.ts";
import { ClientError } from "./client-error.ts";

/** What a server answered to a call. */
export interface Answer {
  /** The value, if there was one. */
  readonly item: Item | undefined;
  /** The kind of the one line; "end" for a retrieval. */
  readonly kind: ReplyKind;
  /** The number, if it was one. */
  readonly number: bigint;
}

export class Call<T> implements Waiter, Answer {
  item: Item | undefined = undefined;
  kind: ReplyKind = "end";
  number = 0n;
  readonly #link: ServerLink;
  /** The key of a retrieval. */
  readonly #key: Uint8Array | null;
  readonly #finish: (answer: Answer) => T;
  readonly #resolve: (result: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #over: () => void;
  readonly #signal: CallSignal | undefined;
  readonly #abort: (() => void) | null;
  #failure: ClientError | null = null;
  #isSettled = false;

  /** @param over Is told once, when the call is over, before its promise is. */
  constructor(
    link: ServerLink,
    key: Uint8Array | null,
    finish: (answer: Answer) => T,
    resolve: (result: T) => void,
    reject: (error: unknown) => void,
    over: () => void,
    signal: CallSignal | undefined,
  ) {
    this.#link = link;
    this.#key = key;
    this.#finish = finish;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#over = over;
    this.#signal = signal;
    this.#abort = signal === undefined ? null : () => this.#giveUp();
    if (this.#abort !== null) signal?.addEventListener("abort", this.#abort);
  }

  asked(): void {}

  value(reply: ReplyDecoder): boolean {
    if (this.#isSettled) return true;
    if (this.item !== undefined || (this.#key !== null && !isKey(reply, this.#key))) return false;
    this.item = itemOf(reply);
    return true;
  }

  line(reply: ReplyDecoder): void {
    this.kind = reply.kind;
    if (reply.kind === "number") this.number = numberOf(reply);
  }

  refuse(line: Uint8Array, kind: ErrorKind): void {
    this.#failure = refusalError(line, kind, this.#link.name);
  }

  done(): void {
    if (this.#isSettled) return;
    this.#settle();
    if (this.#failure === null) this.#resolve(this.#finish(this));
    else this.#reject(this.#failure);
  }

  fail(failure: Failure): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#reject(failureError(failure, this.#link.name));
  }

  /** The call was never made. */
  drop(error: unknown): void {
    this.#settle();
    this.#reject(error);
  }

  #giveUp(): void {
    this.#link.giveUp(this);
    this.drop(abortError(this.#signal, this.#link.name));
  }

  #settle(): void {
    this.#isSettled = true;
    if (this.#abort !== null) this.#signal?.removeEventListener("abort", this.#abort);
    this.#over();
  }
}

/** The item of a `VALUE` reply, with bytes of its own. */
export function itemOf(reply: ReplyDecoder): Item {
  const { bytes, flags, valueStart, valueEnd, hasCas } = reply;
  const value = bytes.slice(valueStart, valueEnd);
  if (!hasCas) return { value, flags };
  return { value, flags, cas: (BigInt(reply.cas.high) << 32n) | BigInt(reply.cas.low) };
}

export function isKey({ bytes, keyStart, keyEnd }: ReplyDecoder, key: Uint8Array): boolean {
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

export function abortError(signal: CallSignal | undefined, server: string): ClientError {
  return new ClientError("aborted", server, "the call was aborted", signal?.reason);
}

function numberOf({ number }: ReplyDecoder): bigint {
  return (BigInt(number.high) << 32n) | BigInt(number.low);
}
