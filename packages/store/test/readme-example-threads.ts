import { isMainThread, Worker, workerData } from "node:worker_threads";
import { encodeUtf8, SlabStore, type SharedStore } from "@memwire/store";

const key = encodeUtf8("hits");
const count = (store: SlabStore): void => {
  for (let i = 0; i < 10_000; i++) store.incr(key, 0, key.length, 0, 1, Date.now());
};

if (isMainThread) {
  const store = SlabStore.shared({ bytesMax: 64 * 1024 * 1024 });
  store.set(key, 0, key.length, encodeUtf8("0"), 0, 1, 0, Infinity, Date.now());
  const worker = new Worker(new URL(import.meta.url), { workerData: store.share() });
  count(store);
  await new Promise((resolve) => worker.on("exit", resolve));
  store.incr(key, 0, key.length, 0, 0, Date.now());
  console.log(store.numberLow); // 20000
} else {
  const store = SlabStore.join(workerData as SharedStore);
  count(store);
  store.leave();
}
