// Resident memory of an item, key of 14 bytes and value of 100: the store, a Map of objects, lru-cache and memcached, on
// the runtime that runs this:
//
//     node -C @memwire/source bench/src/store-memory.ts [--items 1000000 --items 5000000] [--subject Map]
//     bun --conditions=@memwire/source bench/src/store-memory.ts
//     deno run -A --conditions=@memwire/source bench/src/store-memory.ts
//
// Each is a process of its own: resident memory after filling, less that before, through the number of items. Both times
// the garbage is collected first. What is bounded is then filled with twice as many items as there is room for: how much
// memory it takes above its bound. Linux, with memcached installed.

import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { parseArgs } from "node:util";
import { grouped } from "./figures.ts";
import { Answering, answerLines, collect, ownCommand } from "./in-turn.ts";
import { byteSubjects, makeSubject, roomFor } from "./store-subjects.ts";
import { KEY_BYTES, shuffled, type StoreSubject, Traffic, VALUE_BYTES } from "./store-traffic.ts";

const MEBIBYTE = 1_048_576;
const WARM_UP_ITEMS = 20_000;
const SETTLES_WITHIN_MS = 2_500;
const PREFIX = "key:";

/** Fills, and answers how many bytes of memory that took; `full` leaves room for half of the items only. */
type Fill = (items: number, full: boolean) => Promise<number>;

function residentBytes(pid: number | "self"): number {
  const status = readFileSync(`/proc/${pid}/status`, "latin1");
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1_024;
}

/** The process that is measured. */
async function fillHere(name: string, items: number, full: boolean): Promise<number> {
  const traffic = new Traffic(false);
  const order = shuffled(items, 1);
  // What is compiled and what the heap has ready for more is not to count. It is kept: its memory is not used again.
  const first = makeSubject(name, traffic, { items: WARM_UP_ITEMS });
  fill(first, traffic, order.subarray(0, WARM_UP_ITEMS));
  const subject = makeSubject(name, traffic, full ? { items: items / 2, full } : { items });
  await settle();
  const before = residentBytes("self");
  fill(subject, traffic, order);
  await settle();
  const bytes = residentBytes("self") - before;
  if (!full) check(subject, traffic, order);
  check(first, traffic, order.subarray(0, WARM_UP_ITEMS));
  return bytes;
}

/** Bun gives memory that was collected back a second later. */
async function settle(): Promise<void> {
  collect();
  await new Promise((resolve) => setTimeout(resolve, SETTLES_WITHIN_MS));
}

function fill(subject: StoreSubject, traffic: Traffic, order: Uint32Array): void {
  for (let at = 0; at < order.length;) {
    const count = traffic.receive(PREFIX, order, at, order.length, VALUE_BYTES);
    at += count;
    const now = Date.now();
    if (subject.maintenanceAt <= now) subject.maintain(now);
    for (let i = 0; i < count; i++) subject.set(i, VALUE_BYTES, Infinity, now);
  }
}

function check(subject: StoreSubject, traffic: Traffic, order: Uint32Array): void {
  for (let at = 0; at < order.length; at++) {
    traffic.receive(PREFIX, order, at, at + 1, VALUE_BYTES);
    if (!subject.get(0, Date.now())) throw new Error(`item ${at} of ${order.length} is not there`);
  }
}

function inProcess(name: string): Fill {
  return async (items, full) => {
    const args = ["--measured", name, "--items", `${items}`, ...(full ? ["--full"] : [])];
    const child = new Answering(name, ownCommand(import.meta.url, args));
    try {
      return Number(await child.ask("fill"));
    } finally {
      child.end();
    }
  };
}

const inMemcached: Fill = async (items, full) => {
  const { startMemcached, TextClient } = await import("@memwire/conformance");
  const { bytesMax } = roomFor(full ? { items: items / 2, full } : { items });
  await using memcached = await startMemcached({ args: ["-m", `${Math.ceil(bytesMax / MEBIBYTE)}`] });
  if (memcached.endpoint.kind !== "tcp") throw new TypeError("memcached listens on TCP here");
  const before = residentBytes(memcached.pid);
  await sendItems(memcached.endpoint.port, items);
  using asking = await TextClient.connect(memcached.endpoint);
  let stats = await asking.ask("stats\r\n", "END\r\n");
  for (let table = ""; table !== tableOf(stats);) {
    table = tableOf(stats);
    await new Promise((resolve) => setTimeout(resolve, SETTLES_WITHIN_MS));
    stats = await asking.ask("stats\r\n", "END\r\n");
  }
  const held = Number(/curr_items (\d+)/.exec(stats)?.[1]);
  if (!full && held !== items) throw new Error(`memcached holds ${held} of ${items} items`);
  return residentBytes(memcached.pid) - before;
};

/** memcached's hash table grows in steps, each some time after it has become too small. */
function tableOf(stats: string): string {
  return ["hash_bytes", "hash_is_expanding"]
    .map((name) => stats.split(` ${name} `)[1]?.split("\r")[0])
    .join();
}

async function sendItems(port: number, items: number): Promise<void> {
  const traffic = new Traffic(false);
  const order = shuffled(items, 1);
  const socket = connect(port, "127.0.0.1");
  for (let at = 0; at < items;) {
    const count = traffic.receive(PREFIX, order, at, items, VALUE_BYTES);
    at += count;
    let text = "";
    for (let i = 0; i < count; i++) {
      const key = traffic.keys.toString("latin1", i * KEY_BYTES, (i + 1) * KEY_BYTES);
      text += `set ${key} 0 0 ${VALUE_BYTES} noreply\r\n${traffic.valueOf(i, VALUE_BYTES)}\r\n`;
    }
    if (!socket.write(text, "latin1")) await new Promise<void>((resolve) => socket.once("drain", resolve));
  }
  // Whoever is answered has been read to here.
  socket.write("version\r\n");
  await new Promise<void>((resolve) => socket.once("data", () => resolve()));
  socket.destroy();
}

const { values } = parseArgs({
  options: {
    items: { type: "string", multiple: true, default: ["1000000", "5000000"] },
    subject: { type: "string", multiple: true },
    measured: { type: "string" },
    full: { type: "boolean", default: false },
  },
});
const counts = values.items.map(Number);
if (values.measured === undefined) await compare();
else await answerLines(() => fillHere(values.measured as string, counts[0] as number, values.full));

async function compare(): Promise<void> {
  const fills: readonly (readonly [name: string, fill: Fill])[] = [
    ...Object.keys(byteSubjects).map((name) => [name, inProcess(name)] as const),
    ["memcached", inMemcached],
  ];
  const chosen = fills.filter(([name]) => values.subject?.some((part) => name.includes(part)) ?? true);
  console.log(`${navigator.userAgent}, resident bytes an item; MiB above the bound once it is full`);
  console.log(["".padEnd(12), ...counts.map((items) => `${grouped(items)} items`.padStart(26))].join(""));
  for (const [name, fillOne] of chosen) {
    const columns: string[] = [];
    for (const items of counts) {
      const each = ((await fillOne(items, false)) / items).toFixed(1);
      columns.push(`${each}${await aboveBound(name, fillOne, items)}`.padStart(26));
    }
    console.log(name.padEnd(12) + columns.join(""));
  }
}

/** A Map and lru-cache are bounded by a number of items, not by memory. */
async function aboveBound(name: string, fillOne: Fill, items: number): Promise<string> {
  if (name !== "SlabStore" && name !== "memcached") return "";
  const { bytesMax } = roomFor({ items: items / 2, full: true });
  const above = ((await fillOne(items, true)) - bytesMax) / MEBIBYTE;
  return `; ${above.toFixed(1)} above ${grouped(bytesMax / MEBIBYTE)}`;
}
