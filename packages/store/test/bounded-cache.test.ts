import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
import { BoundedCache, SlabStore } from "../src/mod.ts";
import { copyByView } from "../src/copy-bytes.ts";

function fixture(): { cache: BoundedCache; pass: (ms: number) => void } {
  let now = 1_800_000_000_000;
  return { cache: new BoundedCache({ now: () => now, bytesMax: 4_096 }), pass: (ms) => (now += ms) };
}

test("keeps text by key, any text", () => {
  const { cache } = fixture();
  expect(cache.set("naïve 🌍", "Zürich")).toBe("stored");
  expect(cache.get("naïve 🌍")).toBe("Zürich");
  expect(cache.get("naïve")).toBeUndefined();
});

test("forgets a value when its time is over", () => {
  const { cache, pass } = fixture();
  cache.set("short", "v", { ttlMs: 1_000 });
  cache.set("long", "v", { ttlMs: 1_000 });
  expect(cache.touch("long", 10_000)).toBe(true);
  pass(1_000);
  expect(cache.get("short")).toBeUndefined();
  expect(cache.get("long")).toBe("v");
});

test("stays within its bytes", () => {
  const { cache } = fixture();
  for (let i = 0; i < 100; i++) cache.set(`key:${i}`, "v".repeat(50));
  expect(cache.store.counters.bytes).toBeLessThanOrEqual(4_096);
  expect(cache.get("key:99")).toBe("v".repeat(50));
  expect(cache.get("key:0")).toBeUndefined();
});

test("tells what goes, and why", () => {
  let now = 1_800_000_000_000;
  const gone: string[] = [];
  const cache = new BoundedCache({
    now: () => now,
    bytesMax: 4_096,
    chunkBytesMax: 1_024,
    segmented: false,
    onGone: (key, cause) => gone.push(`${key} ${cause}`),
  });
  for (const key of ["a", "b", "c", "d", "é"])
    cache.set(key, "v".repeat(900), key === "b" ? { ttlMs: 1_000 } : {});
  expect(gone).toEqual(["a evicted"]);
  now += 1_000;
  cache.set("f", "v".repeat(900));
  expect(gone).toEqual(["a evicted", "b expired"]);
});

test.each<readonly [what: string, use: (cache: BoundedCache, key: string) => unknown]>([
  ["get", (cache, key) => cache.get(key)],
  ["getAndTouch", (cache, key) => cache.getAndTouch(key, 1_000)],
  ["entry", (cache, key) => cache.entry(key)],
  ["entries", (cache) => [...cache.entries()]],
  ["set", (cache, key) => cache.set(key, "w")],
  ["add", (cache, key) => cache.add(key, "w")],
  ["replace", (cache, key) => cache.replace(key, "w")],
  ["cas", (cache, key) => cache.cas(key, "w", 1n)],
  ["append", (cache, key) => cache.append(key, "w")],
  ["prepend", (cache, key) => cache.prepend(key, "w")],
  ["delete", (cache, key) => cache.delete(key)],
  ["touch", (cache, key) => cache.touch(key, 1_000)],
  ["incr", (cache, key) => cache.incr(key)],
  ["decr", (cache, key) => cache.decr(key)],
  ["clear", (cache) => cache.clear()],
])("%s within onGone throws and changes nothing", (_what, use) => {
  const errors: unknown[] = [];
  const cache: BoundedCache = new BoundedCache({
    now: () => 1,
    bytesMax: 4_096,
    onGone(key) {
      try {
        use(cache, key);
      } catch (error) {
        errors.push(error);
      }
    },
  });
  for (let i = 0; i < 200; i++) {
    expect(cache.set(`k${i}`, "v".repeat(100))).toBe("stored");
    expect(cache.get(`k${i}`)).toBe("v".repeat(100));
  }
  const { evictions } = cache.store.counters;
  expect(errors.length).toBe(evictions);
  expect(evictions).toBeGreaterThan(100);
  expect(errors[0]).toEqual(new Error("onGone must not use the cache: it is in the middle of another call"));
  const keys = Array.from(cache.entries(), ([key]) => key);
  expect(keys.length).toBe(cache.store.counters.currItems);
  expect(new Set(keys).size).toBe(keys.length);
});

test.each([
  ["of its own", () => new SlabStore({ bytesMax: 65_536 })],
  ["that is shared", () => SlabStore.shared({ bytesMax: 65_536 })],
] as const)("what onGone throws goes past a store %s, and is as loud as any error", (_what, make) => {
  const store = make();
  const loud: (() => void)[] = [];
  const queue = vi.spyOn(globalThis, "queueMicrotask").mockImplementation((task) => void loud.push(task));
  const onGone = (key: string): never => {
    throw new Error(`not ${key}`);
  };
  const cache = new BoundedCache({ now: () => 1, store, onGone });
  for (let i = 0; i < 2_000; i++)
    expect(cache.set(`k${i}`, "v".repeat(i % 2 === 0 ? 100 : 5_000))).toBe("stored");
  queue.mockRestore();
  expect(loud.length).toBe(store.counters.evictions);
  expect(loud[0]).toThrow(/^not k\d+$/);
  expect([...cache.entries()].length).toBe(store.counters.currItems);
  expect(cache.get("k1999")).toBe("v".repeat(5_000));
});

test("keeps a value longer while it is asked for", () => {
  const { cache, pass } = fixture();
  cache.set("session", "v", { ttlMs: 1_000 });
  for (let i = 0; i < 5; i++) {
    pass(900);
    expect(cache.getAndTouch("session", 1_000)).toBe("v");
  }
  pass(1_000);
  expect(cache.getAndTouch("session", 1_000)).toBeUndefined();
});

test("goes through all that it has", () => {
  const { cache } = fixture();
  const large = "0123456789".repeat(150);
  cache.set("ä", "1", { flags: 3 });
  cache.set("b", large);
  cache.set("c", "gone", { ttlMs: 0 });
  const seen = new Map(
    Array.from(cache.entries(), ([key, { bytes, flags }]) => [key, [bytes.length, flags]]),
  );
  expect(seen).toEqual(
    new Map([
      ["ä", [1, 3]],
      ["b", [1_500, 0]],
    ]),
  );
});

test("lets a value go once it is read, where others wait for it", () => {
  const store = SlabStore.shared({ bytesMax: 1_048_576, copyBytes: copyByView });
  store.readsInPlace = true;
  const cache = new BoundedCache({ now: () => 1, store });
  const other = new BoundedCache({ now: () => 1, store: SlabStore.join(store.share()) });
  const reads: ((key: string) => unknown)[] = [
    (key) => cache.get(key),
    (key) => cache.getAndTouch(key, 1_000),
    (key) => cache.entry(key),
  ];
  for (const [i, read] of reads.entries()) {
    cache.set("k", `before ${i}`);
    expect(read("k")).toBeDefined();
    // In one thread nobody lets go while another waits: it would be taken for dead, and its next call throw.
    expect(other.set("k", "after")).toBe("stored");
    expect(cache.get("k")).toBe("after");
  }
});

test("adds, replaces, extends", () => {
  const { cache } = fixture();
  expect(cache.replace("k", "0")).toBe("not-stored");
  expect(cache.add("k", "1")).toBe("stored");
  expect(cache.add("k", "2")).toBe("not-stored");
  expect(cache.append("k", "2")).toBe("stored");
  expect(cache.prepend("k", "0")).toBe("stored");
  expect(cache.get("k")).toBe("012");
  expect(cache.delete("k")).toBe(true);
  expect(cache.delete("k")).toBe(false);
});

test("stores by cas only what nobody changed since", () => {
  const { cache } = fixture();
  cache.set("k", Uint8Array.of(1, 2), { flags: 7 });
  const entry = cache.entry("k");
  // Its own copy, which the types say: a Response takes no other bytes.
  const bytes: Uint8Array<ArrayBuffer> | undefined = entry?.bytes;
  expect(bytes?.buffer).toBeInstanceOf(ArrayBuffer);
  expect(entry).toMatchObject({ bytes: Uint8Array.of(1, 2), flags: 7, expiresAt: Infinity });
  const cas = entry?.cas ?? 0n;
  expect(cache.cas("k", "new", cas)).toBe("stored");
  expect(cache.cas("k", "newer", cas)).toBe("exists");
  expect(cache.cas("none", "v", cas)).toBe("not-found");
  expect(cache.entry("none")).toBeUndefined();
});

test("counts in 64 bits", () => {
  const { cache } = fixture();
  cache.set("n", "18446744073709551614");
  expect(cache.incr("n")).toBe(18_446_744_073_709_551_615n);
  expect(cache.incr("n", 2n)).toBe(1n);
  expect(cache.decr("n", 5n)).toBe(0n);
  expect(cache.incr("none")).toBe("not-found");
  cache.set("n", "abc");
  expect(cache.incr("n")).toBe("non-numeric");
});

test("clears at once", () => {
  const { cache } = fixture();
  cache.set("k", "v");
  cache.clear();
  expect(cache.get("k")).toBeUndefined();
  cache.set("k", "v");
  expect(cache.get("k")).toBe("v");
});

test("says what is wrong with an argument", () => {
  const { cache } = fixture();
  expect(() => cache.get("")).toThrow("a key must have 1 to 250 bytes, got 0");
  expect(() => cache.get("ü".repeat(126))).toThrow("a key must have 1 to 250 bytes, got 252");
  expect(() => cache.set("k", "v", { flags: -1 })).toThrow(
    "flags must be a whole number from 0 to 4294967295, got -1",
  );
  expect(() => cache.incr("k", -1n)).toThrow(
    "a 64-bit number must be from 0 to 18446744073709551615, got -1",
  );
  expect(() => cache.touch("k", NaN)).toThrow("ttlMs must be a number, got NaN");
});

test("a value of another type is refused, and the old one stays", () => {
  const { cache } = fixture();
  const detached = new Uint8Array(3);
  structuredClone(detached, { transfer: [detached.buffer] });
  const wrong: readonly (readonly [value: unknown, shown: string])[] = [
    [[65, 66], "Array"],
    [5, "number"],
    [undefined, "undefined"],
    [null, "null"],
    [{}, "Object"],
    [new ArrayBuffer(3), "ArrayBuffer"],
    [new DataView(new ArrayBuffer(3)), "DataView"],
    [new Uint16Array(3), "Uint16Array"],
    [new Uint8ClampedArray(3), "Uint8ClampedArray"],
    [detached, "one whose buffer is detached"],
  ];
  cache.set("k", "old");
  const before = cache.entry("k");
  const cas = before?.cas ?? 0n;
  for (const [given, shown] of wrong) {
    const value = given as string;
    const message = new TypeError(`a value must be text or a Uint8Array, got ${shown}`);
    expect(() => cache.set("k", value)).toThrow(message);
    expect(() => cache.add("new", value)).toThrow(message);
    expect(() => cache.replace("k", value)).toThrow(message);
    expect(() => cache.cas("k", value, cas)).toThrow(message);
    expect(() => cache.append("k", value)).toThrow(message);
    expect(() => cache.prepend("k", value)).toThrow(message);
  }
  expect(cache.entry("k")).toEqual(before);
  expect([...cache.entries()].length).toBe(1);
  cache.set("k", new Uint8Array(0));
  expect(cache.get("k")).toBe("");
});

test("bytes of another realm are bytes", () => {
  const { cache } = fixture();
  const foreign = runInNewContext("Uint8Array.of(104, 105)") as Uint8Array;
  expect(foreign instanceof Uint8Array).toBe(false);
  expect(cache.set("k", foreign)).toBe("stored");
  expect(cache.get("k")).toBe("hi");
});

test("arguments of another type are refused with what would be right", () => {
  const { cache } = fixture();
  cache.set("k", "1");
  for (const [key, shown] of [
    [5, "number"],
    [undefined, "undefined"],
    [new Uint8Array(1), "Uint8Array"],
    [["k"], "Array"],
  ] as unknown as readonly (readonly [string, string])[]) {
    const message = new TypeError(`a key must be text, got ${shown}`);
    expect(() => cache.get(key)).toThrow(message);
    expect(() => cache.set(key, "v")).toThrow(message);
    expect(() => cache.delete(key)).toThrow(message);
  }
  for (const [ttlMs, shown] of [
    ["1000", "string"],
    [new Date(0), "Date"],
    [1n, "bigint"],
    [null, "null"],
  ] as unknown as readonly (readonly [number, string])[]) {
    const message = new TypeError(`ttlMs must be a number, got ${shown}`);
    expect(() => cache.set("k", "v", { ttlMs })).toThrow(message);
    expect(() => cache.touch("k", ttlMs)).toThrow(message);
    expect(() => cache.getAndTouch("k", ttlMs)).toThrow(message);
  }
  expect(() => cache.set("k", "v", 1_000 as unknown as object)).toThrow(
    new TypeError("options must be an object such as { ttlMs: 1000 }, got number"),
  );
  for (const number of [1, "1", null, undefined] as unknown as readonly bigint[]) {
    expect(() => cache.cas("k", "v", number)).toThrow("a 64-bit number must be a bigint such as 1n, got ");
  }
  expect(() => cache.incr("k", 1 as unknown as bigint)).toThrow(
    new TypeError("a 64-bit number must be a bigint such as 1n, got number"),
  );
  expect(cache.entry("k")).toMatchObject({ bytes: Uint8Array.of(49), expiresAt: Infinity });
});

test("options that there are not are refused: with a ttl a value would stay for ever", () => {
  const { cache } = fixture();
  const misspelt = { flags: 1, ttl: 5 } as object;
  const refused = new RangeError("a value has no ttl: there are flags, ttlMs");
  expect(() => cache.set("k", "v", misspelt)).toThrow(refused);
  expect(() => cache.add("k", "v", misspelt)).toThrow(refused);
  expect(() => cache.cas("k", "v", 1n, misspelt)).toThrow(refused);
  expect(cache.get("k")).toBeUndefined();
  for (const store of [{}, { store: cache.store }]) {
    expect(() => new BoundedCache({ now: () => 1, ...store, ...({ ttl: 5 } as object) })).toThrow(
      /^a cache has no ttl: there are automove, .*, now, onGone, /,
    );
  }
  expect(() => new BoundedCache(undefined as never)).toThrow(
    new TypeError("a cache takes an object of options, got undefined"),
  );
});

test("a clock that answers no number is refused, and nothing is stored by it", () => {
  let answer: unknown = 1;
  const cache = new BoundedCache({ now: () => answer as number, bytesMax: 4_096 });
  for (const [time, shown] of [
    [NaN, "NaN"],
    [undefined, "undefined"],
    [new Date(0), "Date"],
    ["1", "string"],
  ] as const) {
    answer = time;
    expect(() => cache.set("k", "v")).toThrow(
      new TypeError(`now() must answer milliseconds as a number, got ${shown}`),
    );
  }
  answer = 1;
  expect(cache.get("k")).toBeUndefined();
  expect(() => new BoundedCache({ now: 1 as unknown as () => number })).toThrow(
    new TypeError("now must be a function that answers the time, such as Date.now, got number"),
  );
  expect(() => new BoundedCache({ now: () => 1, onGone: {} as () => void })).toThrow(
    new TypeError("onGone must be a function, got Object"),
  );
});

test("texts long and short, one after the other, do not get into each other", () => {
  const cache = new BoundedCache({ now: () => 1 });
  const texts = ["short", "long".repeat(5_000), "", "é".repeat(4_096), "s"];
  for (const text of texts) {
    cache.set(`key of ${text.length}`, text);
    cache.append(`key of ${text.length}`, "+");
  }
  expect(texts.map((text) => cache.get(`key of ${text.length}`))).toEqual(texts.map((text) => `${text}+`));
});
