// A listener whose exceptions do not run through the store, which is in the middle of a command: chunks would be lost,
// and locks of a shared store kept. They are as loud as where nobody catches them.

import type { StoreListener } from "./store.ts";

// Every runtime has it; this package has no types of any.
declare const queueMicrotask: (task: () => void) => void;

/** Tells `listener`. What it throws is thrown again when the command is over. */
export function unthrowing(listener: StoreListener): StoreListener {
  return {
    gone(cause, bytes, keyStart, keyEnd, fetched, expiresAt, usedAt, slabClass, valueLength) {
      try {
        listener.gone(cause, bytes, keyStart, keyEnd, fetched, expiresAt, usedAt, slabClass, valueLength);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    },
  };
}
