// libketama's list of servers: an address and its weight a line.
//
//     # cache servers
//     10.0.0.1:11211	600
//     10.0.0.2:11211	300

import { SERVERS_MAX } from "@memwire/router";
import { parseServerLine, serverLineForm, type ServerConfig } from "./address-text.ts";
import { doublesAmong } from "./doubles.ts";
import type { Mistake } from "./mistake.ts";
import { sizeMistake } from "./text-size.ts";

/** The servers, or everything that is wrong with the file. */
export type ServersFileReading =
  | {
      readonly ok: true;
      /** At least one, in the order of the file. Each is named as its address is written: libketama's rings have it. */
      readonly servers: readonly (ServerConfig & { readonly name: string })[];
    }
  | { readonly ok: false; readonly mistakes: readonly Mistake[] };

/**
 * Reads the text of a list of servers. Empty lines and lines that start with `#` count for nothing. Never throws,
 * whatever the text.
 *
 * @param file What the file is called in messages.
 */
export function readServersFile(text: string, file: string): ServersFileReading {
  const mistakes: Mistake[] = [];
  const add = (line: number, path: string, message: string): void => {
    mistakes.push({ file, line, path, message });
  };
  const tooLong = sizeMistake(text);
  if (tooLong !== undefined) {
    add(1, "", tooLong);
    return { ok: false, mistakes };
  }

  const entries = serverLines(text);
  if (entries.length === 0) add(1, "", `must be lines of ${serverLineForm}, got none`);
  const surplus = entries[SERVERS_MAX];
  if (surplus !== undefined) {
    add(surplus.line, "servers", `must be at most ${SERVERS_MAX} servers, got ${entries.length}`);
  }
  const servers = entries.flatMap(({ line, index, text: entry }) => {
    try {
      return { line, index, server: parseServerLine(entry) };
    } catch (error) {
      add(line, `servers[${index}]`, (error as RangeError).message);
      return [];
    }
  });
  for (const [double, other] of doublesAmong(servers.map(({ server }) => server.name))) {
    const { line, index, server } = servers[double] as (typeof servers)[number];
    const first = servers[other] as (typeof servers)[number];
    const same = `servers[${first.index}] on line ${first.line}`;
    add(line, `servers[${index}]`, `is ${server.name} as ${same} is: take one out`);
  }
  if (mistakes.length > 0) return { ok: false, mistakes: mistakes.toSorted((a, b) => a.line - b.line) };
  return { ok: true, servers: servers.map(({ server }) => server) };
}

interface ServerLine {
  /** From 1. */
  readonly line: number;
  /** Which server it is, from 0. */
  readonly index: number;
  readonly text: string;
}

function serverLines(text: string): readonly ServerLine[] {
  const found: ServerLine[] = [];
  for (const [i, whole] of text.split("\n").entries()) {
    const trimmed = whole.trim();
    if (trimmed !== "" && !trimmed.startsWith("#")) {
      found.push({ line: i + 1, index: found.length, text: trimmed });
    }
  }
  return found;
}
