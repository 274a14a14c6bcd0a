import { appendFileSync, closeSync, createReadStream, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BoundedCache, SlabStore, SnapshotReader, SnapshotWriter } from "@memwire/store";

const file = join(tmpdir(), `items-${Date.now()}`);
const now = Date.now;

const before = new SlabStore({ bytesMax: 16 * 1024 * 1024 });
new BoundedCache({ now, store: before }).set("user:42", "Ada");

const writer = new SnapshotWriter(before);
const out = openSync(file, "w");
for (let piece = writer.next(now()); piece !== undefined; piece = writer.next(now())) {
  appendFileSync(out, piece);
}
closeSync(out);

const after = new SlabStore({ bytesMax: 16 * 1024 * 1024 });
const reader = new SnapshotReader(after);
for await (const chunk of createReadStream(file)) {
  if (reader.receive(chunk, now()) === "refused") break;
}
const result = reader.ended(now());
console.log(result.outcome === "restored" ? result.items : result.message); // 1
console.log(new BoundedCache({ now, store: after }).get("user:42")); // Ada
rmSync(file);
