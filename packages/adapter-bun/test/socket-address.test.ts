// Addresses in the kernel's form and back. Nothing here needs Bun, or a kernel.

import fc from "fast-check";
import { expect, test } from "vitest";
import { endpointOf, familyOf, socketAddress } from "../src/ring/socket-address.ts";

const ports = fc.nat({ max: 65_535 });

/** What comes of an address that goes to the kernel and back. */
function thereAndBack(host: string, port: number): unknown {
  const address = socketAddress(host, port);
  return address === undefined ? undefined : endpointOf(address);
}

test("an address of IPv4 is sixteen bytes: family, port and address, the latter two as on the wire", () => {
  const address = socketAddress("127.0.0.1", 11_211) ?? new Uint8Array();
  expect(familyOf(address)).toBe(2);
  expect([...address.subarray(2)]).toEqual([0x2b, 0xcb, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test("an address of IPv6 is twenty-eight: family, port, flow, address and scope", () => {
  const address = socketAddress("2001:db8::1:2", 1) ?? new Uint8Array();
  expect(familyOf(address)).toBe(10);
  expect([...address.subarray(2, 8)]).toEqual([0, 1, 0, 0, 0, 0]);
  expect([...address.subarray(8)]).toEqual([0x20, 1, 0xd, 0xb8, ...Array(9).fill(0), 1, 0, 2, 0, 0, 0, 0]);
});

test("every address of IPv4 comes back as it was", () => {
  fc.assert(
    fc.property(fc.ipV4(), ports, (host, port) => {
      expect(thereAndBack(host, port)).toEqual({ kind: "tcp", host, port });
    }),
  );
});

test("every address of IPv6 comes back as it is written in short", () => {
  const groups = fc.array(fc.nat({ max: 0xffff }), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(groups, ports, (words, port) => {
      const host = words.map((word) => word.toString(16)).join(":");
      const short = new URL(`http://[${host}]`).hostname.slice(1, -1);
      expect(thereAndBack(host, port)).toEqual({ kind: "tcp", host: short, port });
    }),
  );
});

test.each([
  ["::", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["1:2::7:8", "1:2::7:8"],
  ["0::0:0:0:1.2.3.4", "::102:304"],
  ["64:FF9B::10.0.255.1", "64:ff9b::a00:ff01"],
  ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
])("%s is understood", (host, short) => {
  expect(thereAndBack(host, 1)).toEqual({ kind: "tcp", host: short, port: 1 });
});

test("whatever is an address of IPv6 has one", () => {
  fc.assert(
    fc.property(fc.ipV6(), (host) => {
      expect(socketAddress(host, 7)).toHaveLength(28);
    }),
  );
});

test("an address of IPv4 in one of IPv6 comes back as that of IPv4", () => {
  expect(thereAndBack("::ffff:10.1.2.3", 5)).toEqual({ kind: "tcp", host: "10.1.2.3", port: 5 });
});

test.each(["localhost", "", "1.2.3", "fe80::1%eth0", "a b"])("%j is no address", (host) => {
  expect(socketAddress(host, 1)).toBe(undefined);
});
