// A server whose items have no cas uniques (`-C`), and one that refuses rather than evict (`-M`): as memcached 1.6.18
// answered and counted.

import { ServerEngine } from "@memwire/server";
import { SlabStore, type StoreOptions } from "@memwire/store";
import { expect, test } from "vitest";
import { req, statuses } from "./binary-party.ts";
import { Bench } from "./party.ts";

const benchOf = (options: StoreOptions): Bench =>
  new Bench(new ServerEngine({ store: new SlabStore({ bytesMax: 8_388_608, ...options }) }));

test("without uniques cas never stores, whatever is compared with", () => {
  const client = benchOf({ casUniques: false }).connect();
  client.send("set a 0 0 1\r\n1\r\n");
  expect(client.ask("gets a\r\n")).toBe("VALUE a 0 1 0\r\n1\r\nEND\r\n");
  expect(client.ask("cas a 0 0 1 0\r\n2\r\ncas a 0 0 1 5\r\n3\r\ncas no 0 0 1 0\r\n4\r\n")).toBe(
    "EXISTS\r\nEXISTS\r\nNOT_FOUND\r\n",
  );
  expect(client.ask("ms a 1 C0\r\n4\r\nms a 1 C7\r\n5\r\nmd a C9\r\nget a\r\n")).toBe(
    "EX\r\nEX\r\nEX\r\nVALUE a 0 1\r\n1\r\nEND\r\n",
  );
  expect(client.ask("ma a C5\r\nma a C0\r\nmd a C0\r\n")).toBe("EX\r\nHD\r\nHD\r\n");
});

test("without uniques the binary protocol compares nothing that is stored", () => {
  const client = benchOf({ casUniques: false }).connect();
  const cas = 5n;
  const value = "1";
  expect(
    statuses(
      client.ask(
        req("set", "k", { value, cas }) +
          req("set", "k", { value, cas }) +
          req("replace", "k", { value, cas }) +
          req("append", "k", { value, cas }) +
          req("incr", "k", { cas }) +
          req("delete", "k", { cas }),
      ),
    ),
  ).toEqual(["set ok", "set ok", "replace ok", "append ok", "incr exists", "delete exists"]);
});

test("what there is no memory for is no command that was carried out", () => {
  const bench = benchOf({ bytesMax: 2_097_152, evictions: false });
  const client = bench.connect();
  const value = "v".repeat(60_000);
  const answers = Array.from({ length: 60 }, (_, i) => client.ask(`set k${i} 0 0 60000\r\n${value}\r\n`));
  const stored = answers.filter((answer) => answer === "STORED\r\n").length;
  expect(stored).toBeLessThan(60);
  expect(client.ask(`ms more 60000\r\n${value}\r\n`)).toBe("SERVER_ERROR out of memory storing object\r\n");
  expect(client.ask("stats\r\n")).toContain(`STAT cmd_set ${stored}\r\n`);
  const classes = client.ask("stats slabs\r\n").matchAll(/:cmd_set (\d+)/g);
  expect([...classes].reduce((sum, [, count]) => sum + Number(count), 0)).toBe(stored);
});

test("lists that nobody maintains have no mode", () => {
  const client = benchOf({ segmented: false }).connect();
  expect(
    client.ask("lru mode segmented\r\nlru mode flat\r\nlru temp_ttl 10\r\nlru tune 10 25 0.1 2\r\n"),
  ).toBe("ERROR\r\nERROR\r\nERROR\r\nOK\r\n");
});
