// IP addresses and ranges of them: 10.0.0.7, 10.0.0.0/8, 2001:db8::/32.

import { got } from "./mistake.ts";

/** What `parseIpRange` reads, for messages. */
export const ipRangeForm = "an IP address or a range such as 10.0.0.0/8 or 2001:db8::/32";

/** What a list of some of them is, for messages. */
export const ipRangesForm = "a list of at least one IP address or range such as 10.0.0.0/8 or 2001:db8::/32";

const V4_BITS = 32;
const V6_BITS = 128;

/**
 * Checks an address, or address and prefix length, of IPv4 or IPv6; octets have no leading zeros, which some read as
 * octal. An address with a zone (`fe80::1%eth0`) is none.
 *
 * @returns The text as it was given
 * @throws RangeError that says what was given and what would be right
 */
export function parseIpRange(text: string): string {
  const [address = "", prefix, ...more] = text.split("/");
  const bits = bitsOf(address);
  if (bits === undefined || more.length > 0) throw new RangeError(`must be ${ipRangeForm}, ${got(text)}`);
  if (prefix !== undefined && !(/^(?:0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= bits)) {
    throw new RangeError(`prefix length must be a whole number from 0 to ${bits}, ${got(text)}`);
  }
  return text;
}

function bitsOf(address: string): number | undefined {
  if (isV4(address)) return V4_BITS;
  return isV6(address) ? V6_BITS : undefined;
}

export function isV4(text: string): boolean {
  const octets = text.split(".");
  return octets.length === 4 && octets.every((octet) => /^(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)$/.test(octet));
}

/** Eight groups, of which `::` stands for one or more that are 0, and the last two may be an IPv4 address. */
export function isV6(text: string): boolean {
  const tail = text.slice(text.lastIndexOf(":") + 1);
  const hexadecimal = isV4(tail) ? `${text.slice(0, -tail.length)}0:0` : text;
  const halves = hexadecimal.split("::");
  const groups = halves.flatMap((half) => (half === "" ? [] : half.split(":")));
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  return halves.length === 1 ? groups.length === 8 : halves.length === 2 && groups.length < 8;
}
