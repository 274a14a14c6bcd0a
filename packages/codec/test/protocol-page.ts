// The tables of docs/protocol.md, for the tests that keep it true.

import { readFileSync } from "node:fs";

const page = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");

/** The rows of the tables in a section whose first cell is code: all cells. */
export function rowsOf(section: string): string[][] {
  const text = page.slice(page.indexOf(`\n## ${section}\n`) + 1).split("\n## ")[0] ?? "";
  return Array.from(text.matchAll(/^\| (`.+) \|$/gm), ([, cells = ""]) =>
    cells.split(" | ").map((cell) => cell.trim()),
  );
}

/** Where a column stands in the table of commands. */
export function columnOf(title: string): number {
  const head = /^\| command .*$/m.exec(page)?.[0] ?? "";
  return head
    .split("|")
    .slice(1)
    .findIndex((cell) => cell.trim() === title);
}

/** A request of the form that a row of the table of commands has: its keys `a`, its numbers 0, its value empty. */
export function requestOf([command = "", line = ""]: readonly string[]): string {
  const form = line.startsWith("as ") ? "`set <key> <flags> <exptime> <bytes>`, value" : line;
  const written = (/^`(.+?)`/.exec(form)?.[1] ?? "")
    .replace(/^\w+/, command.replaceAll("`", ""))
    .replace(/<key>\+?/, "a")
    .replace(/<argument>|<flag>\*|\[.*?\]/g, "")
    .replace(/<.*?>/g, "0")
    .trim();
  return `${written}\r\n${form.endsWith("value") ? "\r\n" : ""}`;
}
