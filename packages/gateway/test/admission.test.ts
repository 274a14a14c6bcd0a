import { describe, expect, test } from "vitest";
import fc from "fast-check";
import { AddressList } from "../src/address-list.ts";
import { bench, type Bench, errorOf } from "./bench.ts";

const statusFor = async ({ ask }: Bench, address: string): Promise<number> =>
  (await ask("GET", "/kv/k", {}, address)).status;

describe("an address list", () => {
  test.each([
    ["10.1.2.3", "10.1.2.3", true],
    ["10.1.2.3", "10.1.2.4", false],
    ["10.0.0.0/8", "10.255.0.1", true],
    ["10.0.0.0/8", "11.0.0.1", false],
    ["10.0.0.0/8", "::ffff:10.1.2.3", true],
    ["10.0.0.0/8", "::ffff:a01:203", true],
    ["::ffff:10.0.0.0/104", "10.9.9.9", true],
    ["::ffff:10.0.0.0/104", "11.9.9.9", false],
    ["0.0.0.0/0", "1.2.3.4", true],
    ["0.0.0.0/0", "2001:db8::1", false],
    ["::/0", "2001:db8::1", true],
    ["2001:db8::/32", "2001:db8:1::1", true],
    ["2001:db8::/32", "2001:db9::1", false],
    ["::1", "0:0:0:0:0:0:0:1", true],
    ["fe80::/10", "fe80::1%eth0", true],
    ["0.0.0.0/0", "", false],
    ["0.0.0.0/0", "unknown", false],
  ])("%s has %j: %s", (range, address, has) => {
    expect(new AddressList("deny", [range]).has(address)).toBe(has);
  });

  test.each([
    "",
    "x",
    "10.1",
    "0x0a000001",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "::/129",
    "1.2.3.4/8/8",
  ])("%j is refused", (text) => {
    expect(() => bench({ deny: [text] })).toThrow(
      new RangeError(
        `deny must have IP addresses and ranges such as 10.0.0.0/8 or 2001:db8::/32, got ${JSON.stringify(text)}`,
      ),
    );
  });

  test("holds for every address of a range, and for none beside it", () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const number = (bytes: readonly number[]): number => bytes.reduce((all, it) => all * 256 + it, 0);
    fc.assert(
      fc.property(
        fc.tuple(byte, byte, byte, byte),
        fc.tuple(byte, byte, byte, byte),
        fc.integer({ min: 0, max: 32 }),
        (range, address, bits) => {
          const size = 2 ** (32 - bits);
          const isIn = Math.floor(number(range) / size) === Math.floor(number(address) / size);
          expect(new AddressList("allow", [`${range.join(".")}/${bits}`]).has(address.join("."))).toBe(isIn);
        },
      ),
    );
  });
});

describe("allow and deny", () => {
  test("without either everybody may ask", async () => {
    expect(await statusFor(bench(), "10.0.0.1")).toBe(404);
  });

  test("with allow only those, and nobody who is unknown", async () => {
    const gateway = bench({ allow: ["10.0.0.0/8"] });
    expect(await statusFor(gateway, "10.0.0.1")).toBe(404);
    expect(await statusFor(gateway, "11.0.0.1")).toBe(403);
    expect(await statusFor(gateway, "")).toBe(403);
  });

  test("deny counts more than allow, and lets the unknown pass", async () => {
    const gateway = bench({ allow: ["10.0.0.0/8"], deny: ["10.0.0.1"] });
    expect(await statusFor(gateway, "10.0.0.1")).toBe(403);
    expect(await statusFor(gateway, "10.0.0.2")).toBe(404);
    expect(await statusFor(bench({ deny: ["10.0.0.1"] }), "")).toBe(404);
  });

  test("whoever is refused is told, logged and counted, and no server is asked", async () => {
    const { ask, client, gateway, lines } = bench({ deny: ["10.0.0.1"] });
    const response = await ask("GET", "/kv/k", {}, "10.0.0.1");
    expect(await errorOf(response)).toBe("not for 10.0.0.1");
    expect(lines).toMatchObject([{ status: 403, address: "10.0.0.1", reason: "not for 10.0.0.1" }]);
    expect(gateway.counters.addressesRefused).toBe(1);
    expect(client.calls).toEqual([]);
  });
});

describe("a rate", () => {
  test("of an address is its own, and says when to come again", async () => {
    const gateway = bench({ ratePerAddress: { perSecond: 0.5, burst: 2 } });
    const { ask, simulation } = gateway;
    expect([await statusFor(gateway, "a"), await statusFor(gateway, "a")]).toEqual([404, 404]);
    const response = await ask("GET", "/kv/k", {}, "a");
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "2"]);
    expect(await errorOf(response)).toBe("too many requests of a, try again in 2 s");
    expect(await statusFor(gateway, "b")).toBe(404);
    simulation.advance(1_999);
    expect(await statusFor(gateway, "a")).toBe(429);
    simulation.advance(1);
    expect([await statusFor(gateway, "a"), await statusFor(gateway, "a")]).toEqual([404, 429]);
    expect(gateway.gateway.counters).toMatchObject({ addressesTooOften: 3, totalTooOften: 0 });
  });

  test("of an address of IPv6 is that of its /64, and of one of IPv4 its own however it is written", async () => {
    const gateway = bench({ ratePerAddress: { perSecond: 1, burst: 1 }, allow: ["::/0", "0.0.0.0/0"] });
    const statuses: number[] = [];
    for (const address of [
      "2001:db8:0:1::1",
      "2001:db8::1:2:3:4:5",
      "2001:db8:0:1:ffff::",
      "2001:db8:0:2::1",
    ])
      statuses.push(await statusFor(gateway, address));
    expect(statuses).toEqual([404, 429, 429, 404]);
    expect(await statusFor(gateway, "10.0.0.1")).toBe(404);
    expect(await statusFor(gateway, "10.0.0.2")).toBe(404);
    expect(await statusFor(gateway, "::ffff:10.0.0.1")).toBe(429);
  });

  test("of an address that is not known names it so", async () => {
    const gateway = bench({ ratePerAddress: { perSecond: 1, burst: 1 } });
    await gateway.ask("GET", "/kv/k");
    expect(await errorOf(await gateway.ask("GET", "/kv/k"))).toBe(
      "too many requests of an unknown address, try again in 1 s",
    );
  });

  test("of all together counts everybody", async () => {
    const gateway = bench({ rateTotal: { perSecond: 1, burst: 2 } });
    expect([await statusFor(gateway, "a"), await statusFor(gateway, "b")]).toEqual([404, 404]);
    expect(await statusFor(gateway, "c")).toBe(429);
    expect(gateway.gateway.counters).toMatchObject({ addressesTooOften: 0, totalTooOften: 1 });
  });

  test("what the total refuses costs the address nothing, and the other way round", async () => {
    const both = { ratePerAddress: { perSecond: 1, burst: 1 }, rateTotal: { perSecond: 1, burst: 1 } };
    const gateway = bench(both);
    expect(await statusFor(gateway, "a")).toBe(404);
    expect(await statusFor(gateway, "b")).toBe(429);
    gateway.simulation.advance(1_000);
    expect(await statusFor(gateway, "b")).toBe(404);
    gateway.simulation.advance(999);
    expect(await statusFor(gateway, "b")).toBe(429);
    gateway.simulation.advance(1);
    expect(await statusFor(gateway, "a")).toBe(404);
  });

  test("an address that was forgotten for addressesMax starts with a full bucket", async () => {
    const gateway = bench({ ratePerAddress: { perSecond: 1, burst: 1 }, limits: { addressesMax: 2 } });
    for (const address of ["a", "b"]) expect(await statusFor(gateway, address)).toBe(404);
    expect(await statusFor(gateway, "a")).toBe(429);
    expect(await statusFor(gateway, "c")).toBe(404); // forgets b
    expect(await statusFor(gateway, "a")).toBe(429);
    expect(await statusFor(gateway, "b")).toBe(404);
    expect(gateway.gateway.counters.addressesForgotten).toBe(2);
  });

  test.each([
    [
      { ratePerAddress: { perSecond: 0, burst: 1 } },
      "ratePerAddress.perSecond must be a number above 0, got 0",
    ],
    [
      { rateTotal: { perSecond: Infinity, burst: 1 } },
      "rateTotal.perSecond must be a number above 0, got Infinity",
    ],
    [{ rateTotal: { perSecond: NaN, burst: 1 } }, "rateTotal.perSecond must be a number above 0, got NaN"],
    [{ rateTotal: { perSecond: 1, burst: 0 } }, "rateTotal.burst must be a whole number from 1, got 0"],
  ])("%j is refused", (options, message) => {
    expect(() => bench(options)).toThrow(new RangeError(message));
  });
});
