// Where everything is in the memory of a store. Constants only.
//
//     regions   64 MiB each, as far as they are needed; the system gives room when it is first written
//       pages   of pageBytes; page 0 is never used, so that 0 can mean "none"
//         chunks  of one size a page: an item, a part of a large value, or free
//     table     16-word groups: which chunk has the item of a key (key-index.ts)
//     control   words: heads of lists, counts; sums: the same for numbers that 32 bits cannot hold
//
// A chunk is named by a reference: its address divided by 8, 32 bits for 32 GiB. Of a reference `ref`, in region
// `ref >>> REGION_SHIFT`, `ref & REGION_MASK` is its first 64-bit float, twice that its first word, eight times that
// its first byte.

export const REGION_SHIFT = 23;
export const REGION_MASK = 0x7f_ffff;
export const REGION_BYTES = 0x400_0000;

// An item, in words from the start of its chunk. 48 bytes where memcached has 56, and 3 more behind the key and the
// value, so that 8 bytes less than memcached's are enough for a chunk (`SlabPages`).
//
//     older | newer | hash | state | expires at (float) | cas high | cas low | flags | value bytes | used at
//     | generation | key ... value ...
//
// A free chunk has only `OLDER` and `NEWER`, the next and the one before in the list of free ones, and state 0.
export const OLDER = 0;
export const NEWER = 1;
export const HASH = 2;
export const STATE = 3;
/** In floats. */
export const EXPIRES_AT = 2;
export const CAS_HIGH = 6;
export const CAS_LOW = 7;
export const FLAGS = 8;
export const VALUE_BYTES = 9;
/** In ticks since the store's first use; may be before it, if the item was restored. */
export const USED_AT = 10;
/** Of a chunk that is not an item yet, or no longer, in place of that: which worker has it. */
export const OWNER = 10;
/** An `OWNER`: nobody's. Those who hold it read it. */
export const NOBODY = -1;
/** How many flushes had been when it was stored. */
export const GENERATION = 11;
/** In bytes. The value follows the key; with `SPLIT` the reference of its first part does, at the next word. */
export const KEY = 48;

// A part of a large value, in words; 40 bytes where memcached has 48, so that as much fits.
/** The next part, or 0. */
export const NEXT_PART = 0;
/** The chunk of the item: a page that is to be moved finds it by this. */
export const PART_OF = 1;
/** Bytes of the value in this part. */
export const PART_BYTES = 2;
/** In bytes: where the value goes on. */
export const PART_DATA = 40;

// The state: key bytes in bits 0 to 7, the chunk's class in 8 to 13, the list in 24 to 31, and between them:
export const KEY_BYTES_MASK = 0xff;
export const CLASS_SHIFT = 8;
export const CLASS_MASK = 0x3f;
/** Somebody said that the value is no longer right. */
export const STALE = 0x4000;
/** Somebody was told to renew it. */
export const CLAIMED = 0x8000;
/** It is in the index and in a list. */
export const LINKED = 0x10000;
/** Somebody asked for it since it was stored. */
export const FETCHED = 0x20000;
/** Somebody did so twice, or since it last changed lists. */
export const ACTIVE = 0x40000;
/** Its value is in parts. */
export const SPLIT = 0x80000;
/** Not an item but a part of one. */
export const PART = 0x100000;
/** It is being written over: not to be believed if who does that dies, but what was kept of it is (kept-items.ts). */
export const WRITING = 0x200000;
/** Its key came in base64. */
export const IN_BASE64 = 0x800000;
/** What a new value of the item does not have, unless it is said anew. */
export const MARKS: number = STALE | CLAIMED | IN_BASE64;
/** A list is four times the class plus the segment. */
export const LIST_SHIFT = 24;

export const HOT = 0;
export const WARM = 1;
export const COLD = 2;
/** Items that expire soon. */
export const TEMPORARY = 3;

/** Classes of chunks, from 1: as many as memcached has. */
export const CLASSES_MAX = 63;
export const LISTS: number = (CLASSES_MAX + 1) * 4;
export const TICKS_PER_SECOND = 10;
export const MS_PER_TICK = 100;

// Words of the control memory.
export const GROUPS = 0;
export const GROUP_MASK = 1;
/** Items in the index. */
export const ITEMS = 2;
/** Pages that have ever been in use; the next one is this plus 1. */
export const PAGES_TAKEN = 3;
/** Pages that belong to no class now, as a list through the page table. */
export const SPARE_PAGE = 4;
export const SPARE_PAGES = 5;
/** Flushes that have been. */
export const FLUSHES = 6;
export const LAST_CAS_HIGH = 7;
export const LAST_CAS_LOW = 8;
/** The page that is being cleared, 0 for none; the class it goes to; its chunks that are still in use. */
export const MOVED_PAGE = 10;
export const MOVED_TO = 11;
export const MOVED_CHUNKS = 12;
/** The list that the crawler is in; 0 while it rests. */
export const CRAWLED_LIST = 13;
/** Groups of the index that others overflow into: a free one, how many are in use, how many ever were. */
export const FREE_OVERFLOW = 14;
export const OVERFLOWS = 15;
export const OVERFLOWS_TAKEN = 16;
/** How often the store has been tuned (tuning.ts). */
export const TUNED = 17;
/** Pages that the class of the largest chunks should have for a value that was refused (wanted-pages.ts). */
export const WANTED_PAGES = 18;
/** A checksum of the options that all workers need to have alike. */
export const SETUP = 19;
/** Of each class: from here on, `CLASS_WORDS` each. */
export const CLASS_START = 32;
export const CLASS_WORDS = 8;
export const FREE_CHUNK = 0;
export const FREE_CHUNKS = 1;
export const CLASS_PAGES = 2;
/** The first chunk of the class's newest page that was never used, and how many there are. */
export const NEW_CHUNK = 3;
export const NEW_CHUNKS = 4;
/** Of each list: from here on, `LIST_WORDS` each. */
export const LIST_START: number = CLASS_START + (CLASSES_MAX + 1) * CLASS_WORDS;
export const LIST_WORDS = 4;
export const NEWEST = 0;
export const OLDEST = 1;
export const LENGTH = 2;
/** The item that the crawler looks at next, or 0. */
export const CRAWLED = 3;
/** Of each page, its class; of a spare one, minus the next spare one. */
export const PAGE_START: number = LIST_START + LISTS * LIST_WORDS;

// Floats of the control memory.
/** The time that ticks count from; 0 before the first use. */
export const FIRST_USE = 0;
/** When a flush is to come; Infinity if none is. */
export const FLUSH_AT = 1;
/** Bytes that the pages count for. */
export const PAGES_BYTES = 2;
/** When the crawler sets out again, and when the classes' need of pages is looked at. */
export const CRAWL_AT = 3;
export const DEMAND_AT = 4;
/** What the store was tuned to, from here on: tuning.ts. */
export const TUNING = 5;
/** Until when it should. */
export const WANTED_UNTIL = 14;
/** Of each list: the bytes of its items. */
export const LIST_BYTES = 16;
export const SUMS: number = LIST_BYTES + LISTS;
