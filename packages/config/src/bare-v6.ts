// IPv6 addresses as twemproxy's files have them: without brackets, and what is behind the last colons is the port, and
// of a server its weight. With brackets, which twemproxy does not take, they are read as everywhere else.
//
//     listen    ::1:22121           server    2001:db8::7:11211:1 cache-a

import {
  listenPattern,
  parseListen,
  parseServer,
  serverPattern,
  type ListenConfig,
  type ServerConfig,
} from "./address-text.ts";
import { isV6 } from "./ip-range.ts";

/** What every text matches that these two read, for editors. */
export const bareListenPattern: RegExp = new RegExp(
  `${listenPattern.source}|^[\\da-fA-F:.]+(?:%\\w+)?:\\d{1,5}$`,
);
export const bareServerPattern: RegExp = new RegExp(
  `${serverPattern.source}|^\\s*[\\da-fA-F:.]+(?:%\\w+)?:\\d+:\\d`,
);

/** As `parseListen`. */
export function parseBareListen(text: string): ListenConfig {
  return parseListen(bracketed(text, 1));
}

/** As `parseServer`. */
export function parseBareServer(text: string): ServerConfig {
  return parseServer(bracketed(text, 2));
}

/** @param numbers How many there are behind the address. */
function bracketed(text: string, numbers: number): string {
  const [address = ""] = text.trim().split(/\s/, 1);
  const host = address.split(":").slice(0, -numbers).join(":");
  return isV6(host.replace(/%\w+$/, "")) ? text.replace(host, `[${host}]`) : text;
}
