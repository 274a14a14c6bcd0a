// What is tested of every row of a table of requests.

import type { TextRequest } from "@memwire/codec";
import { expect, test } from "vitest";
import { byteByByte, decodeRequests, encodeRequests, shown, wire } from "./wire.ts";

/** As every client writes it: read, and written just so. */
export type CanonicalRow = readonly [wire: string, meaning: TextRequest];

/** Another way that memcached takes it: only read. What a proxy sends on is in the third place. */
export type ToleratedRow = readonly [wire: string, meaning: TextRequest, line: string];

export function testCanonical(rows: readonly CanonicalRow[]): void {
  for (const [text, meaning] of rows) {
    const noreply = "noreply" in meaning && meaning.noreply;
    testReading(text, meaning, text.slice(0, text.indexOf(noreply ? " noreply\r\n" : "\r\n")));

    test(`writes ${shown(text)}`, () => {
      expect(encodeRequests([meaning])).toEqual(wire(text));
    });
  }
}

export function testTolerated(rows: readonly ToleratedRow[]): void {
  for (const [text, meaning, line] of rows) testReading(text, meaning, line);
}

/** `line` is where the words end that mean something, so that a proxy sends on no others. */
function testReading(text: string, request: TextRequest, line: string): void {
  test(`reads ${shown(text)}, whole, byte by byte, in parts and with more behind`, () => {
    const one = { found: "request", request, wire: text, line };
    const next = expect.objectContaining({ found: "request", wire: "version\r\n" });
    expect(decodeRequests([wire(text)])).toEqual([one]);
    expect(decodeRequests(byteByByte(wire(text)))).toEqual([one]);
    expect(decodeRequests([wire(text)], { partsFromBytes: 0 })).toEqual([one]);
    expect(decodeRequests([wire(`${text}version\r\n`)])).toEqual([one, next]);
    expect(decodeRequests([wire(`version\r\n${text}${text}`)])).toEqual([next, one, one]);
  });
}
