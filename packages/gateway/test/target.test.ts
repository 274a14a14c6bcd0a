import { expect, test } from "vitest";
import { bench, rawRequest } from "./bench.ts";

test("the key of a URL is worked out once", async () => {
  const { ask, gateway, client } = bench();
  client.put("k", "v");
  for (let i = 0; i < 5; i++) expect((await ask("GET", "/kv/k")).status).toBe(200);
  await ask("DELETE", "/kv/k");
  expect(gateway.counters).toMatchObject({ mappingMisses: 1, mappingHits: 5, mappingsForgotten: 0 });
});

test("as many URLs are remembered as mappingsMax, the least recently used goes", async () => {
  const { ask, gateway } = bench({ limits: { mappingsMax: 2 } });
  for (const key of ["a", "b", "a", "c", "a", "b"]) await ask("GET", `/kv/${key}`);
  expect(gateway.counters).toMatchObject({ mappingHits: 2, mappingMisses: 4, mappingsForgotten: 2 });
});

test("and no more than mappingsBytesMax", async () => {
  const { ask, gateway } = bench({ limits: { mappingsBytesMax: 2_000 } });
  for (let i = 0; i < 100; i++) await ask("GET", `/kv/${i}`);
  const { mappingsForgotten } = gateway.counters;
  expect(mappingsForgotten).toBeGreaterThan(90);
  expect(mappingsForgotten).toBeLessThan(100);
});

test("a URL that is refused is not remembered", async () => {
  const { ask, gateway } = bench();
  for (const path of ["/kv/", "/kv/%", "/nothing", "/multi", "/stats"]) await ask("GET", path);
  expect(gateway.counters).toMatchObject({ mappingHits: 0, mappingMisses: 0 });
});

test("a URL longer than urlBytesMax is 414, host and scheme not counted", async () => {
  const { ask, gateway } = bench({ limits: { urlBytesMax: 20 } });
  expect((await ask("GET", `/kv/${"k".repeat(16)}`)).status).toBe(404);
  expect((await ask("GET", `/kv/${"k".repeat(17)}`)).status).toBe(414);
  expect((await ask("GET", "/kv/k?1234567890123456")).status).toBe(414);
  expect(gateway.counters.urlsTooLong).toBe(2);
});

test("a URL that the runtime has not cleaned up is understood as well", async () => {
  const { gateway, client } = bench();
  for (const url of ["/kv/a b", "http://h/kv/../x", "http://h/kv/é#f"]) await gateway.fetch(rawRequest(url));
  expect(client.calls).toEqual(["get a%20b", "get ../x", "get \xc3\xa9"]);
});
