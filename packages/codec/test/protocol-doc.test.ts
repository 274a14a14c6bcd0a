// docs/protocol.md against the code: a command, a reply or a refusal that it does not have fails here.

import { REFUSAL_TEXT } from "@memwire/codec";
import { expect, test } from "vitest";
import { COMMANDS } from "../src/text/command-name.ts";
import { REPLY_WORDS } from "../src/text/reply.ts";
import { requestOf, rowsOf } from "./protocol-page.ts";
import { decodeRequests, wire } from "./wire.ts";

test("there is one row for every command that the codec knows, and its line is one", () => {
  const rows = rowsOf("Requests");
  const words = rows.map(([word = ""]) => word.replaceAll("`", ""));
  expect(words.toSorted()).toEqual([...COMMANDS].toSorted());
  for (const [i, row] of rows.entries()) {
    const request = requestOf(row);
    expect(decodeRequests([wire(request)]), request).toMatchObject([
      { found: "request", request: { command: words[i] } },
    ]);
  }
});

test("there is one row for every refusal, with its text", () => {
  const texts = rowsOf("Refusals").map(([refusal = "", answer = ""]) => [
    refusal.replaceAll("`", ""),
    answer.startsWith("none") ? "" : answer.replaceAll("`", ""),
  ]);
  expect(Object.fromEntries(texts)).toEqual(REFUSAL_TEXT);
});

test("every reply is on the page, with its kind", () => {
  for (const [kind, [word]] of Object.entries(REPLY_WORDS)) {
    const [, kinds] =
      rowsOf("Replies").find(([replies = ""]) => new RegExp(`\`${word}(?:[ \`]|(?<==))`).test(replies)) ?? [];
    expect(kinds, word).toContain(`\`${kind}\``);
  }
});

test("no reply is on the page that the codec does not know", () => {
  const named = rowsOf("Replies").flatMap(([, kinds = ""]) =>
    Array.from(kinds.matchAll(/`(.+?)`/g), ([, kind = ""]) => kind),
  );
  expect(named.toSorted()).toEqual(["number", ...Object.keys(REPLY_WORDS)].toSorted());
});
