// docs/protocol.md against the code: a command, a reply or a refusal that it does not have fails here.

import { readFileSync } from "node:fs";
import { REFUSAL_TEXT } from "@memwire/codec";
import { expect, test } from "vitest";
import { REPLY_WORDS } from "../src/text/reply.ts";
import { decodeRequests, wire } from "./wire.ts";

const page = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");

/** First and second column of the tables in this section. */
function rows(section: string): [string, string][] {
  const text = page.slice(page.indexOf(`\n## ${section}\n`) + 1).split("\n## ")[0] ?? "";
  return Array.from(text.matchAll(/^\| (`.+?) +\| (.+?) +\|/gm), ([, first = "", second = ""]) => [
    first,
    second,
  ]);
}

test("there is one row for every command that the codec knows, and its line is one", () => {
  const commands = rows("Requests");
  const words = commands.map(([word]) => word.replaceAll("`", ""));
  expect(words.toSorted()).toEqual(
    [
      ..."add append cas decr delete flush_all gat gats get gets incr prepend quit replace set shutdown".split(
        " ",
      ),
      ..."stats touch verbosity version mg ms md ma me mn lru_crawler lru slabs cache_memlimit watch".split(
        " ",
      ),
      ..."refresh_certs extstore config debugtime".split(" "),
    ].toSorted(),
  );
  for (const [i, [, line]] of commands.entries()) {
    const form =
      /^`(.+?)`/.exec(line.startsWith("as ") ? "`set <key> <flags> <exptime> <bytes>`" : line)?.[1] ?? "";
    const written = form
      .replace(/^\w+/, words[i] ?? "")
      .replace(/<key>\+?/, "a")
      .replace(/<argument>|<flag>\*|\[.*?\]/g, "")
      .replace(/<.*?>/g, "0")
      .trim();
    const [seen] = decodeRequests([wire(`${written}\r\n\r\n`)]);
    expect(seen, written).toMatchObject({ found: "request", request: { command: words[i] } });
  }
});

test("there is one row for every refusal, with its text", () => {
  const texts = rows("Refusals").map(([refusal, answer]) => [
    refusal.replaceAll("`", ""),
    answer.startsWith("none") ? "" : answer.replaceAll("`", ""),
  ]);
  expect(Object.fromEntries(texts)).toEqual(REFUSAL_TEXT);
});

test("every reply is on the page, with its kind", () => {
  for (const [kind, [word]] of Object.entries(REPLY_WORDS)) {
    const [, kinds] =
      rows("Replies").find(([replies]) => new RegExp(`\`${word}(?:[ \`]|(?<==))`).test(replies)) ?? [];
    expect(kinds, word).toContain(`\`${kind}\``);
  }
});

test("no reply is on the page that the codec does not know", () => {
  const named = rows("Replies").flatMap(([, kinds]) =>
    Array.from(kinds.matchAll(/`(.+?)`/g), ([, kind = ""]) => kind),
  );
  expect(named.toSorted()).toEqual(["number", ...Object.keys(REPLY_WORDS)].toSorted());
});
