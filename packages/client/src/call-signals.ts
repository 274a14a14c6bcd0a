// One listener a signal, however many calls it is for.
//
// An `AbortSignal` looks through all its listeners whenever one comes or goes: with one each, ten thousand calls that
// share a signal, such as that of a program's end, would take a runtime seconds.

import { checkHas } from "@memwire/engine";
import type { CallSignal } from "./client.ts";

/** A call that can be given up. */
export interface Abortable {
  /** Its signal has been aborted; called again, if ever, it does nothing. */
  aborted(): void;
}

export class CallSignals {
  readonly #groups: Map<CallSignal, SignalGroup> = new Map();

  /**
   * From now on the call is told of the signal.
   *
   * @throws TypeError for what is no signal, or what the signal throws; then nothing is kept of it
   */
  add(signal: CallSignal, call: Abortable): void {
    let group = this.#groups.get(signal);
    if (group === undefined) {
      checkHas("signal", signal, "addEventListener", "an AbortSignal");
      group = new SignalGroup();
      signal.addEventListener("abort", group.tell);
      this.#groups.set(signal, group);
    }
    group.calls.add(call);
  }

  /** The call is over. Nothing is left of the signal when its last one is. */
  delete(signal: CallSignal, call: Abortable): void {
    const group = this.#groups.get(signal);
    if (group === undefined || !group.calls.delete(call) || group.calls.size > 0) return;
    this.#groups.delete(signal);
    signal.removeEventListener("abort", group.tell);
  }
}

/** The calls of one signal, in the order they were made. */
class SignalGroup {
  readonly calls: Set<Abortable> = new Set();

  readonly tell = (): void => {
    for (const call of this.calls) call.aborted(); // which takes it out of here
  };
}
