// A list of IP addresses and CIDR ranges. An IPv4 address is the same one when it is written as IPv6.

import ipaddr from "ipaddr.js";

type Address = ReturnType<typeof ipaddr.parse>;
type Range = readonly [Address, prefixBits: number];

const NETWORK_GROUPS = 4; // of 16 bits: a /64 of IPv6
const MAPPED_BITS = 96; // ::ffff:0:0/96 is all of IPv4

export class AddressList {
  readonly #ranges: readonly Range[];

  /**
   * @param option How the list is called in the message.
   * @throws RangeError for what is no address and no range
   */
  constructor(option: string, texts: readonly string[]) {
    this.#ranges = texts.map((text) => rangeOf(option, text));
  }

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  /** What is no address is in no list. */
  has(text: string): boolean {
    if (!ipaddr.isValid(text)) return false;
    const address = ipaddr.process(text);
    return this.#ranges.some(
      ([range, bits]) => range.kind() === address.kind() && address.match(range, bits),
    );
  }
}

/** What one host may have to itself: an address of IPv4, the /64 of one of IPv6. Anything else is a network of its own. */
export function networkOf(text: string): string {
  if (!ipaddr.isValid(text)) return text;
  const address = ipaddr.process(text);
  if (!(address instanceof ipaddr.IPv6)) return address.toString();
  return `${address.parts
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

function rangeOf(option: string, text: string): Range {
  const [address = "", bits, ...rest] = text.split("/");
  // Also takes `10.1` and `0x0a000001`, which whoever writes them here has not meant.
  const isAddress = ipaddr.IPv4.isValidFourPartDecimal(address) || ipaddr.IPv6.isValid(address);
  if (isAddress && rest.length === 0) {
    const parsed = ipaddr.parse(address);
    const most = parsed.kind() === "ipv4" ? 32 : 128;
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : -1;
    if (prefix >= 0 && prefix <= most) return unmapped(parsed, prefix);
  }
  throw new RangeError(
    `${option} must have IP addresses and ranges such as 10.0.0.0/8 or 2001:db8::/32, got ${JSON.stringify(text)}`,
  );
}

function unmapped(address: Address, bits: number): Range {
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress() && bits >= MAPPED_BITS) {
    return [address.toIPv4Address(), bits - MAPPED_BITS];
  }
  return [address, bits];
}
