// Who may connect to a listener: a list of addresses and ranges that are allowed, one of those that are not.

import { BlockList, isIPv6 } from "node:net";
import type { Endpoint } from "@memwire/engine";

export class AddressGuard {
  readonly #allow: BlockList | undefined;
  readonly #deny: BlockList;

  /** @param allow Addresses and CIDR ranges, as `parseIpRange` reads them; everybody if not given. */
  constructor(allow: readonly string[] | undefined, deny: readonly string[] = []) {
    this.#allow = allow === undefined ? undefined : listOf(allow);
    this.#deny = listOf(deny);
  }

  /** One who has no address, because the connection is over already, may not. */
  admits(peer: Endpoint | undefined): boolean {
    if (peer?.kind !== "tcp") return false;
    const host = peer.host.replace(/%.*$/, ""); // an address with its zone is in no list
    const family = isIPv6(host) ? "ipv6" : "ipv4";
    return !this.#deny.check(host, family) && (this.#allow?.check(host, family) ?? true);
  }
}

function listOf(ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [address = "", bits] = range.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}
