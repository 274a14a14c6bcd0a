// A call that is not over: its promise is settled exactly once, by whatever comes first of an answer, a failure and
// the call's signal.

import type { CallSignal } from "./client.ts";
import type { Abortable, CallSignals } from "./call-signals.ts";
import { ClientError } from "./client-error.ts";
import type { ValueSlab } from "./value-slab.ts";

/** Whose calls they are. */
export interface CallOwner {
  /** Where the values of calls are. */
  readonly slab: ValueSlab;
  /** Who listens to the signals of calls. */
  readonly signals: CallSignals;
  /** A call is over: once, before its promise is settled. */
  callOver(): void;
}

export abstract class PendingCall<T> implements Abortable {
  readonly owner: CallOwner;
  readonly #resolve: (result: T) => void;
  readonly #reject: (error: unknown) => void;
  readonly #signal: CallSignal | undefined;
  #isOver = false;

  constructor(
    resolve: (result: T) => void,
    reject: (error: unknown) => void,
    owner: CallOwner,
    signal: CallSignal | undefined,
  ) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.owner = owner;
    this.#signal = signal;
    if (signal !== undefined) owner.signals.add(signal, this);
  }

  /** Whether the promise is settled: what still comes is for nobody. */
  get isOver(): boolean {
    return this.#isOver;
  }

  resolve(result: T): void {
    if (this.#end()) this.#resolve(result);
  }

  reject(error: unknown): void {
    if (this.#end()) this.#reject(error);
  }

  aborted(): void {
    if (!this.#isOver) this.reject(abortError(this.#signal, this.takeBack()));
  }

  /** Takes back what was not sent yet. @returns the server that was asked; empty if it may be several */
  protected abstract takeBack(): string;

  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    if (this.#signal !== undefined) this.owner.signals.delete(this.#signal, this);
    this.owner.callOver();
    return true;
  }
}

export function abortError(signal: CallSignal | undefined, server: string): ClientError {
  return new ClientError("aborted", server, "the call was aborted", signal?.reason);
}
