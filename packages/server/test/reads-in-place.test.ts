import { SlabStore } from "@memwire/store";
import { expect, test } from "vitest";
import { ServerEngine } from "../src/mod.ts";

const NOW = 1_800_000_000_000;

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

function said(engine: ServerEngine): string {
  let text = "";
  for (let command = engine.poll(); command !== undefined; command = engine.poll()) {
    if (command.kind !== "send") continue;
    text += String.fromCharCode(...command.bytes);
    engine.drained(command.id, NOW);
  }
  return text;
}

test.each(["get k", "mg k v", "mg k", "mg k s", "me k", "ma k", "gat 100 k", "mn"])(
  "after %s other workers need not wait until the turn is over",
  (line) => {
    const store = SlabStore.shared({ bytesMax: 4_194_304 });
    const one = new ServerEngine({ store });
    const other = new ServerEngine({ store: SlabStore.join(store.share()) });
    const [client, another] = [one.accepted(NOW, 0), other.accepted(NOW, 0)];
    one.received(client, bytes("set k 0 0 1\r\n1\r\n"), NOW);
    said(one);
    one.received(client, bytes(`${line}\r\n`), NOW);
    other.received(another, bytes("set k 0 0 1\r\n2\r\n"), NOW);
    expect(said(other)).toBe("STORED\r\n");
    // Whoever keeps others waiting for two seconds is taken for dead, and its next call throws.
    one.received(client, bytes("get k\r\n"), NOW);
    expect(said(one)).toContain("VALUE k 0 1\r\n2\r\nEND\r\n");
  },
);
