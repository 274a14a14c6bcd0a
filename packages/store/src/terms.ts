// On what terms an item is found, stored, counted or deleted, beyond the plain commands: what meta commands can say.
//
//     terms.clear(); terms.compares = true; terms.casHigh = ...; store.deleteOn(terms, key, ...)
//
// One object does for all calls, so that none is made for a call. What a method has no use for it does not look at.

import type { Millis } from "./store.ts";

export class Terms {
  /** Only if the item has this cas unique; `ms` with a mode of "add" asks for no item, and so for no unique. */
  compares = false;
  casHigh = 0;
  casLow = 0;
  /**
   * Of a `storeOn` that compares, to set or replace: an item with a higher unique is replaced as well, but the new one
   * is stale from the start, expires when the old one did, and is as claimed as that was.
   */
  takesLate = false;

  /** What changes gets this cas unique instead of the next one; or, of a `storeOn`, keeps that of the item replaced. */
  choosesCas = false;
  newCasHigh = 0;
  newCasLow = 0;
  keepsCas = false;

  /** How `storeOn` stores. */
  mode: "set" | "add" | "replace" | "append" | "prepend" = "set";
  /**
   * Without an item one is made: an empty one that the caller has claimed by `findOn`, one of the number `initial` by
   * `countOn`, the bytes themselves by a `storeOn` that appends or prepends.
   */
  vivifies = false;
  initialHigh = 0;
  initialLow = 0;

  /** When an item that `findOn` or `countOn` makes expires. */
  vivifiedUntil: Millis = Infinity;

  /** Of `findOn`, `countOn` and `markStale`: the item that is there expires then from now on. */
  touches = false;
  expiresAt: Millis = Infinity;
  /** Of `findOn`: whether it counts as a use of the item. */
  uses = true;

  /** Of `storeOn`: the item's key came in base64, and is told so; the item is stale from the start. */
  keyInBase64 = false;
  stale = false;

  /** Back to no terms at all. */
  clear(): void {
    this.compares = false;
    this.takesLate = false;
    this.choosesCas = false;
    this.keepsCas = false;
    this.mode = "set";
    this.vivifies = false;
    this.touches = false;
    this.uses = true;
    this.keyInBase64 = false;
    this.stale = false;
  }
}
