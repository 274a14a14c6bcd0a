// Addresses as the kernel has them: struct sockaddr_in and sockaddr_in6 of Linux.

import { isIP } from "node:net";
import { withoutPrefix, type Endpoint } from "@memwire/engine";

const AF_INET = 2;
const AF_INET6 = 10;

/** Room for either. */
export const ADDRESS_BYTES = 28;

/** @returns undefined of what is no address of IP, or one of IPv6 that names an interface */
export function socketAddress(host: string, port: number): Uint8Array | undefined {
  const version = isIP(host);
  if (version === 0 || host.includes("%")) return undefined;
  const address = new Uint8Array(version === 4 ? 16 : ADDRESS_BYTES);
  new Uint16Array(address.buffer)[0] = version === 4 ? AF_INET : AF_INET6;
  new DataView(address.buffer).setUint16(2, port);
  address.set(version === 4 ? host.split(".").map(Number) : bytesOfV6(host), version === 4 ? 4 : 8);
  return address;
}

/** What kind of socket an address is for. */
export function familyOf(address: Uint8Array): number {
  return new Uint16Array(address.buffer, address.byteOffset)[0] as number;
}

/** Where a peer is; undefined of what is neither IPv4 nor IPv6. */
export function endpointOf(address: Uint8Array): Endpoint | undefined {
  const view = new DataView(address.buffer, address.byteOffset);
  const port = view.getUint16(2);
  switch (familyOf(address)) {
    case AF_INET:
      return { kind: "tcp", host: address.subarray(4, 8).join("."), port };
    case AF_INET6:
      return { kind: "tcp", host: withoutPrefix(textOfV6(address.subarray(8, 24))), port };
    default:
      return undefined;
  }
}

/** @param host Of IPv6, as `isIP` has seen. */
function bytesOfV6(host: string): Uint8Array {
  const [front = "", back] = host.split("::");
  const first = bytesOfGroups(front);
  const last = bytesOfGroups(back ?? "");
  const bytes = new Uint8Array(16);
  bytes.set(first);
  bytes.set(last, bytes.length - last.length);
  return bytes;
}

/** Two bytes each; the last may be an address of IPv4, which is four. */
function bytesOfGroups(groups: string): readonly number[] {
  if (groups === "") return [];
  return groups.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const word = Number.parseInt(group, 16);
    return [word >> 8, word & 0xff];
  });
}

const PREFIX_OF_V4 = "::ffff:";

function textOfV6(bytes: Uint8Array): string {
  const groups = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const words = Array.from({ length: 8 }, (_, i) => groups.getUint16(i * 2).toString(16)).join(":");
  if (words.startsWith("0:0:0:0:0:ffff:")) return PREFIX_OF_V4 + bytes.subarray(12).join(".");
  return new URL(`http://[${words}]`).hostname.slice(1, -1); // in short
}
