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
    return !isIn(this.#deny, host) && (this.#allow === undefined || isIn(this.#allow, host));
  }
}

/**
 * An IPv4 address in the ranges of IPv6 as well: of who comes to `[::]` some runtimes say `::ffff:127.0.0.1` and others
 * `127.0.0.1`. The other way round a list looks by itself.
 */
function isIn(list: BlockList, host: string): boolean {
  if (isIPv6(host)) return list.check(host, "ipv6");
  return list.check(host, "ipv4") || list.check(`::ffff:${host}`, "ipv6");
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
