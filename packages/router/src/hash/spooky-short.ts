// The two mixes of SpookyHash for short keys, their steps written out. Hot path.
//
// Written out because a loop over numbers in an array takes twice as long. A state is four numbers of 64 bits, a to d, in
// halves: lower, upper, lower, ... A step of the first turns one number, adds the next to it and xors that into a third;
// one of the second xors, turns and adds.
// Source: https://burtleburtle.net/bob/hash/spooky.html (SpookyV2, ShortMix and ShortEnd)

import { carryOf } from "./wide-hash.ts";

/** Between every 32 bytes, and after 16 that are left over. */
export function mixShort(state: Int32Array): void {
  let aLow = state[0] as number;
  let aHigh = state[1] as number;
  let bLow = state[2] as number;
  let bHigh = state[3] as number;
  let cLow = state[4] as number;
  let cHigh = state[5] as number;
  let dLow = state[6] as number;
  let dHigh = state[7] as number;
  let turned: number;

  turned = cLow;
  cLow = (cHigh << 18) | (cLow >>> 14);
  cHigh = (turned << 18) | (cHigh >>> 14);
  cLow = (cLow + dLow) | 0;
  cHigh = (cHigh + dHigh + carryOf(cLow, dLow)) | 0;
  aLow ^= cLow;
  aHigh ^= cHigh;

  turned = dLow;
  dLow = (dHigh << 20) | (dLow >>> 12);
  dHigh = (turned << 20) | (dHigh >>> 12);
  dLow = (dLow + aLow) | 0;
  dHigh = (dHigh + aHigh + carryOf(dLow, aLow)) | 0;
  bLow ^= dLow;
  bHigh ^= dHigh;

  turned = aLow;
  aLow = (aLow << 30) | (aHigh >>> 2);
  aHigh = (aHigh << 30) | (turned >>> 2);
  aLow = (aLow + bLow) | 0;
  aHigh = (aHigh + bHigh + carryOf(aLow, bLow)) | 0;
  cLow ^= aLow;
  cHigh ^= aHigh;

  turned = bLow;
  bLow = (bHigh << 9) | (bLow >>> 23);
  bHigh = (turned << 9) | (bHigh >>> 23);
  bLow = (bLow + cLow) | 0;
  bHigh = (bHigh + cHigh + carryOf(bLow, cLow)) | 0;
  dLow ^= bLow;
  dHigh ^= bHigh;

  turned = cLow;
  cLow = (cHigh << 22) | (cLow >>> 10);
  cHigh = (turned << 22) | (cHigh >>> 10);
  cLow = (cLow + dLow) | 0;
  cHigh = (cHigh + dHigh + carryOf(cLow, dLow)) | 0;
  aLow ^= cLow;
  aHigh ^= cHigh;

  turned = dLow;
  dLow = (dHigh << 16) | (dLow >>> 16);
  dHigh = (turned << 16) | (dHigh >>> 16);
  dLow = (dLow + aLow) | 0;
  dHigh = (dHigh + aHigh + carryOf(dLow, aLow)) | 0;
  bLow ^= dLow;
  bHigh ^= dHigh;

  turned = aLow;
  aLow = (aHigh << 6) | (aLow >>> 26);
  aHigh = (turned << 6) | (aHigh >>> 26);
  aLow = (aLow + bLow) | 0;
  aHigh = (aHigh + bHigh + carryOf(aLow, bLow)) | 0;
  cLow ^= aLow;
  cHigh ^= aHigh;

  turned = bLow;
  bLow = (bHigh << 5) | (bLow >>> 27);
  bHigh = (turned << 5) | (bHigh >>> 27);
  bLow = (bLow + cLow) | 0;
  bHigh = (bHigh + cHigh + carryOf(bLow, cLow)) | 0;
  dLow ^= bLow;
  dHigh ^= bHigh;

  turned = cLow;
  cLow = (cHigh << 30) | (cLow >>> 2);
  cHigh = (turned << 30) | (cHigh >>> 2);
  cLow = (cLow + dLow) | 0;
  cHigh = (cHigh + dHigh + carryOf(cLow, dLow)) | 0;
  aLow ^= cLow;
  aHigh ^= cHigh;

  turned = dLow;
  dLow = (dHigh << 2) | (dLow >>> 30);
  dHigh = (turned << 2) | (dHigh >>> 30);
  dLow = (dLow + aLow) | 0;
  dHigh = (dHigh + aHigh + carryOf(dLow, aLow)) | 0;
  bLow ^= dLow;
  bHigh ^= dHigh;

  turned = aLow;
  aLow = (aLow << 5) | (aHigh >>> 27);
  aHigh = (aHigh << 5) | (turned >>> 27);
  aLow = (aLow + bLow) | 0;
  aHigh = (aHigh + bHigh + carryOf(aLow, bLow)) | 0;
  cLow ^= aLow;
  cHigh ^= aHigh;

  turned = bLow;
  bLow = (bHigh << 4) | (bLow >>> 28);
  bHigh = (turned << 4) | (bHigh >>> 28);
  bLow = (bLow + cLow) | 0;
  bHigh = (bHigh + cHigh + carryOf(bLow, cLow)) | 0;
  dLow ^= bLow;
  dHigh ^= bHigh;

  state[0] = aLow;
  state[1] = aHigh;
  state[2] = bLow;
  state[3] = bHigh;
  state[4] = cLow;
  state[5] = cHigh;
  state[6] = dLow;
  state[7] = dHigh;
}

/** After the last byte. Only the first number counts then. */
export function endShort(state: Int32Array): void {
  let aLow = state[0] as number;
  let aHigh = state[1] as number;
  let bLow = state[2] as number;
  let bHigh = state[3] as number;
  let cLow = state[4] as number;
  let cHigh = state[5] as number;
  let dLow = state[6] as number;
  let dHigh = state[7] as number;
  let turned: number;

  dLow ^= cLow;
  dHigh ^= cHigh;
  turned = cLow;
  cLow = (cLow << 15) | (cHigh >>> 17);
  cHigh = (cHigh << 15) | (turned >>> 17);
  dLow = (dLow + cLow) | 0;
  dHigh = (dHigh + cHigh + carryOf(dLow, cLow)) | 0;

  aLow ^= dLow;
  aHigh ^= dHigh;
  turned = dLow;
  dLow = (dHigh << 20) | (dLow >>> 12);
  dHigh = (turned << 20) | (dHigh >>> 12);
  aLow = (aLow + dLow) | 0;
  aHigh = (aHigh + dHigh + carryOf(aLow, dLow)) | 0;

  bLow ^= aLow;
  bHigh ^= aHigh;
  turned = aLow;
  aLow = (aLow << 26) | (aHigh >>> 6);
  aHigh = (aHigh << 26) | (turned >>> 6);
  bLow = (bLow + aLow) | 0;
  bHigh = (bHigh + aHigh + carryOf(bLow, aLow)) | 0;

  cLow ^= bLow;
  cHigh ^= bHigh;
  turned = bLow;
  bLow = (bHigh << 19) | (bLow >>> 13);
  bHigh = (turned << 19) | (bHigh >>> 13);
  cLow = (cLow + bLow) | 0;
  cHigh = (cHigh + bHigh + carryOf(cLow, bLow)) | 0;

  dLow ^= cLow;
  dHigh ^= cHigh;
  turned = cLow;
  cLow = (cLow << 28) | (cHigh >>> 4);
  cHigh = (cHigh << 28) | (turned >>> 4);
  dLow = (dLow + cLow) | 0;
  dHigh = (dHigh + cHigh + carryOf(dLow, cLow)) | 0;

  aLow ^= dLow;
  aHigh ^= dHigh;
  turned = dLow;
  dLow = (dLow << 9) | (dHigh >>> 23);
  dHigh = (dHigh << 9) | (turned >>> 23);
  aLow = (aLow + dLow) | 0;
  aHigh = (aHigh + dHigh + carryOf(aLow, dLow)) | 0;

  bLow ^= aLow;
  bHigh ^= aHigh;
  turned = aLow;
  aLow = (aHigh << 15) | (aLow >>> 17);
  aHigh = (turned << 15) | (aHigh >>> 17);
  bLow = (bLow + aLow) | 0;
  bHigh = (bHigh + aHigh + carryOf(bLow, aLow)) | 0;

  cLow ^= bLow;
  cHigh ^= bHigh;
  turned = bLow;
  bLow = (bHigh << 22) | (bLow >>> 10);
  bHigh = (turned << 22) | (bHigh >>> 10);
  cLow = (cLow + bLow) | 0;
  cHigh = (cHigh + bHigh + carryOf(cLow, bLow)) | 0;

  dLow ^= cLow;
  dHigh ^= cHigh;
  turned = cLow;
  cLow = cHigh;
  cHigh = turned;
  dLow = (dLow + cLow) | 0;
  dHigh = (dHigh + cHigh + carryOf(dLow, cLow)) | 0;

  aLow ^= dLow;
  aHigh ^= dHigh;
  turned = dLow;
  dLow = (dLow << 25) | (dHigh >>> 7);
  dHigh = (dHigh << 25) | (turned >>> 7);
  aLow = (aLow + dLow) | 0;
  aHigh = (aHigh + dHigh + carryOf(aLow, dLow)) | 0;

  bLow ^= aLow;
  bHigh ^= aHigh;
  turned = aLow;
  aLow = (aHigh << 31) | (aLow >>> 1);
  aHigh = (turned << 31) | (aHigh >>> 1);
  bLow = (bLow + aLow) | 0;
  bHigh = (bHigh + aHigh + carryOf(bLow, aLow)) | 0;

  state[0] = aLow;
  state[1] = aHigh;
}
