// What is told of each item by a walk through all: `lru_crawler metadump` and `mgdump`, `stats cachedump` and `sizes`.

import { writeBase64 } from "@memwire/codec";
import type { Millis } from "@memwire/engine";
import type { Store } from "@memwire/store";
import { ItemWalk, type WalkReply } from "./item-walk.ts";
import { writeUriEncoded } from "./uri-key.ts";

/** `stats sizes` puts sizes together by as many bytes. */
const SIZE_STEP = 32;

/** A line an item, ended by LF alone, as memcached has it: what is known of it without its value. */
export function metadump(store: Store, classes: ReadonlySet<number> | undefined): ItemWalk {
  const reply: WalkReply = {
    item(output, key, start, end) {
      output.latin1("key=");
      writeUriEncoded(output, key, start, end);
      output.latin1(" exp=");
      if (store.expiresAt === Infinity) output.latin1("-1");
      else output.decimal(secondsOf(store.expiresAt));
      output.latin1(" la=");
      output.decimal(secondsOf(store.usedAt));
      output.latin1(" cas=");
      output.decimal64(store.casHigh, store.casLow);
      output.latin1(store.fetched ? " fetch=yes cls=" : " fetch=no cls=");
      output.decimal(store.slabClass);
      output.latin1(" size=");
      output.decimal(store.itemBytes);
      output.latin1(" flags=");
      output.decimal(store.flags);
      output.latin1("\n");
      return true;
    },
    end: (output) => output.latin1("END\r\n"),
  };
  return new ItemWalk(store, reply, classes);
}

/** A meta get an item, to be sent back as it is. A key that came in base64, or cannot stand in a line, is in that. */
export function mgdump(store: Store, classes: ReadonlySet<number> | undefined): ItemWalk {
  const reply: WalkReply = {
    item(output, key, start, end) {
      output.latin1("mg ");
      if (!store.keyInBase64 && isPlain(key, start, end)) {
        output.copy(key, start, end);
        output.latin1("\r\n");
      } else {
        writeBase64(output, key.subarray(start, end), end - start);
        output.latin1(" b\r\n");
      }
      return true;
    },
    end: (output) => output.latin1("EN\r\n"),
  };
  return new ItemWalk(store, reply, classes);
}

/** @param itemsMax 0 for all */
export function cachedump(store: Store, slabClass: number, itemsMax: number): ItemWalk {
  let left = itemsMax === 0 ? Infinity : itemsMax;
  const reply: WalkReply = {
    item(output, key, start, end) {
      output.latin1("ITEM ");
      output.copy(key, start, end);
      const { expiresAt, valueLength } = store;
      output.latin1(` [${valueLength} b; ${expiresAt === Infinity ? 0 : secondsOf(expiresAt)} s]\r\n`);
      return --left > 0;
    },
    end: (output) => output.latin1("END\r\n"),
  };
  return new ItemWalk(store, reply, new Set([slabClass]));
}

/** How many items there are of which size, in steps. */
export function sizes(store: Store): ItemWalk {
  const counts = new Map<number, number>();
  const reply: WalkReply = {
    item() {
      const size = Math.ceil(store.itemBytes / SIZE_STEP) * SIZE_STEP;
      counts.set(size, (counts.get(size) ?? 0) + 1);
      return true;
    },
    end(output) {
      for (const [size, count] of [...counts].toSorted(([a], [b]) => a - b)) {
        output.latin1(`STAT ${size} ${count}\r\n`);
      }
      output.latin1("END\r\n");
    },
  };
  return new ItemWalk(store, reply);
}

function secondsOf(time: Millis): number {
  return Math.floor(time / 1_000);
}

function isPlain(key: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((key[i] as number) <= 32 || key[i] === 127) return false;
  return true;
}
