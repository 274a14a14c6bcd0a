import { BoundedCache } from "@memwire/store";

const cache = new BoundedCache({ now: Date.now, bytesMax: 16 * 1024 * 1024 });

cache.set("user:42", "Ada", { ttlMs: 60_000 });
console.log(cache.get("user:42")); // Ada

cache.set("hits", "41");
console.log(cache.incr("hits")); // 42n

const seen = cache.entry("user:42");
if (seen !== undefined) console.log(cache.cas("user:42", "Ada Lovelace", seen.cas)); // stored
