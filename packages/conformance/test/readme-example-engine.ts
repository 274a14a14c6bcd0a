import { latin1Bytes, latin1Text } from "@memwire/codec";
import { ServerEngine } from "@memwire/server";

const engine = new ServerEngine();
const now = 1_800_000_000_000;
const client = engine.accepted(now, 0);

engine.received(client, latin1Bytes("set n 0 60 2\r\n41\r\n"), now);
engine.received(client, latin1Bytes("incr n 1\r\n"), now + 59_999);
engine.received(client, latin1Bytes("incr n 1\r\n"), now + 60_000);

for (let command = engine.poll(); command !== undefined; command = engine.poll()) {
  if (command.kind === "send") console.log(JSON.stringify(latin1Text(command.bytes))); // "STORED\r\n42\r\nNOT_FOUND\r\n"
}
