// Commands that are counted by the class of their item, besides those that make hits: `countCommand` counts them, and
// `slabs` tells how many there were.

export const SETS = 0;
export const DELETE_HITS = 1;
export const INCR_HITS = 2;
export const DECR_HITS = 3;
export const CAS_HITS = 4;
export const CAS_BADVAL = 5;
export const TOUCH_HITS = 6;
