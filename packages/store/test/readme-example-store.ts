import { decodeUtf8, encodeUtf8, expiryOf, SlabStore } from "@memwire/store";

const store = new SlabStore({ bytesMax: 64 * 1024 * 1024 });
const wire = encodeUtf8("set greeting 0 60 5\r\nhello\r\n");

console.log(store.set(wire, 4, 12, wire, 21, 26, 0, expiryOf(60, Date.now()), Date.now())); // stored
if (store.find(wire, 4, 12, Date.now())) {
  console.log(decodeUtf8(store.valueBytes, store.valueStart, store.valueEnd)); // hello
}
