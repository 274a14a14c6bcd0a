// What the codec makes of a request, and what real memcached makes of it: 20,000 requests and more a run, random ones
// and mutated ones, compared by the bytes that come back.
//
//     request, `mn` --+--> TextRequestDecoder --> decisions: refused with which words, taken, closed
//                     +--> memcached 1.6.18 ----> answers, one for each decision in turn
//
// A refusal must be memcached's, to the byte; what is taken must be answered as that command is. The `mn` behind each
// request shows whether both still agree where the next one begins. The codec follows 1.6.45: where 1.6.18 answers
// otherwise, `differenceOf` says by which name docs/protocol.md explains it.

import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { inspect } from "node:util";
import { expect, test } from "vitest";
import fc from "fast-check";
import { latin1Bytes, latin1Text, refusalReply, TextRequestDecoder } from "@memwire/codec";
import type { Endpoint } from "@memwire/engine";
import { concat } from "../../codec/test/wire.ts";
import { startMemcached, withPeer } from "../src/mod.ts";
import { answerEnd, type Decision, lineAt } from "./codec-answers.ts";
import { differenceOf, differences, type Parting } from "./codec-differences.ts";
import { probes } from "./codec-probes.ts";

const REQUESTS = 20_000;
const CONNECTIONS = 16;
const SENTINEL = latin1Bytes("mn\r\n");
/** After so long no answer comes any more: to what is not answered at all, and behind the sentinel's. */
const SILENT_MS = 400;
const SETTLED_MS = 20;

/** A decision and the command line that it is about, without its end. */
type Decided = Decision & { readonly line: string };

/** What the codec makes of these bytes; `rest` is what it waits with for more. */
function decisionsOn(bytes: Uint8Array): { readonly decisions: readonly Decided[]; readonly rest: string } {
  const decoder = new TextRequestDecoder();
  decoder.receive(bytes);
  const decisions: Decided[] = [];
  let end = 0;
  for (let found = decoder.next(); found !== "need-data"; found = decoder.next()) {
    if (found === "fatal") {
      return { decisions: [...decisions, { kind: "closed", why: decoder.refusal, line: "" }], rest: "" };
    }
    end = decoder.end;
    const line = latin1Text(decoder.bytes, decoder.start, decoder.lineEnd).replace(/\r?\n$/, "");
    if (found === "invalid") {
      const text = decoder.noreply ? "" : latin1Text(refusalReply(decoder.refusal));
      decisions.push({ kind: "refused", text, line });
      continue;
    }
    const { command, family, noreply, quiet } = decoder;
    const silent = noreply ? "always" : family === "meta" && quiet ? "maybe" : "never";
    decisions.push({ kind: "taken", command, silent, line });
    if (command === "quit")
      return { decisions: [...decisions, { kind: "closed", why: "quit", line }], rest: "" };
  }
  return { decisions, rest: latin1Text(bytes, end) };
}

/** One connection, asked one thing after the other. */
class Asker {
  readonly #endpoint: Endpoint;
  #socket: Socket | undefined;
  #text = "";
  #heard: () => void = () => {};

  constructor(endpoint: Endpoint) {
    this.#endpoint = endpoint;
  }

  /** @returns all that comes back until `isWhole`, or the connection is closed, or nothing comes any more */
  async ask(bytes: Uint8Array, isWhole: (text: string) => boolean, ends: boolean): Promise<string> {
    const socket = (this.#socket ??= this.#open());
    this.#text = "";
    socket.write(bytes);
    if (ends) socket.end();
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      const look = (): void => {
        clearTimeout(timer);
        if (this.#socket === undefined || (!ends && isWhole(this.#text))) resolve();
        else timer = setTimeout(resolve, this.#text.endsWith("MN\r\n") ? SETTLED_MS : SILENT_MS);
      };
      this.#heard = look;
      look();
    });
    this.#heard = () => {};
    clearTimeout(timer);
    return this.#text;
  }

  /** The next request begins on a connection of its own. */
  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open(): Socket {
    const { kind } = this.#endpoint;
    const socket = connect(kind === "unix" ? { path: this.#endpoint.path } : this.#endpoint);
    const over = (): void => {
      if (this.#socket !== socket) return;
      this.#socket = undefined;
      this.#heard();
    };
    socket.on("data", (chunk: Uint8Array) => {
      if (this.#socket !== socket) return;
      this.#text += latin1Text(chunk);
      this.#heard();
    });
    socket.on("close", over);
    socket.on("error", over);
    return socket;
  }
}

interface Probed {
  readonly request: string;
  readonly decisions: readonly Decided[];
  readonly rest: string;
}

/** Where the two part, if they do, behind what may have been answered otherwise before it: nothing was expected there. */
function compare(probed: Probed, text: string): readonly Parting[] {
  return compareFrom(probed, text, 0, 0, undefined);
}

function compareFrom(
  probed: Probed,
  text: string,
  i: number,
  at: number,
  blockBefore: string | undefined,
): readonly Parting[] {
  const { request, decisions, rest } = probed;
  const isUnfinished = rest !== "" || endsInSkippedBlock(decisions);
  const about = { answered: lineAt(text, at), request, isUnfinished, blockBefore };
  const decided = decisions[i];
  if (decided === undefined) {
    const [line = ""] = rest.split(/\r?\n/);
    return at === text.length ? [] : [{ ...about, line, decided: "nothing more" }];
  }
  const parting: Parting = { ...about, line: decided.line, decided };
  const end = answerEnd(decided, text, at);
  if (end < 0) return [parting];
  const block = blockBefore ?? (isRefusedBlock(decided) ? decided.line : undefined);
  const answered = compareFrom(probed, text, i + 1, end, block);
  if (answered.length === 0 || end === at) return answered.length === 0 ? [] : [parting, ...answered];
  if (!mayBeSilent(decided)) return answered;
  // Not answered, and what stands there is the answer to the next; where that does not fit either, nobody knows which.
  const silent = compareFrom(probed, text, i + 1, at, block);
  if (decided.kind === "refused") return [...answered, parting, ...silent];
  return silent.length === 0 ? [] : [...answered, ...silent];
}

/** A quiet request that the codec refuses may be one that 1.6.18 takes, and says nothing to. */
function mayBeSilent(decided: Decided): boolean {
  if (decided.kind === "taken") return decided.silent === "maybe";
  return decided.kind === "refused" && /^m[a-z] .* q(?: |$)/.test(decided.line);
}

const HAS_BLOCK = /^(?:set|add|replace|append|prepend|cas|ms) /;

/** A first byte of 0x80 begins another protocol, and to a watcher lines come whenever they like. */
function isLeftOut(bytes: Uint8Array, decisions: readonly Decided[]): boolean {
  return bytes[0] === 0x80 || decisions.some(({ line }) => line.startsWith("watch"));
}

/** A data block is skipped by both where only the block itself is wrong. */
function isRefusedBlock(decided: Decided): boolean {
  return (
    decided.kind === "refused" && HAS_BLOCK.test(decided.line) && !/data chunk|too large/.test(decided.text)
  );
}

/** Of the block of a refused request the decoder keeps nothing; that it took the sentinel for it is all there is to see. */
function endsInSkippedBlock(decisions: readonly Decided[]): boolean {
  const last = decisions.at(-1);
  return last !== undefined && isRefusedBlock(last);
}

test("each difference is explained in docs/protocol.md", () => {
  const page = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");
  const explained = [...page.matchAll(/^\| (.*?) +\|/gm)].map(([, first]) => first);
  for (const { name } of differences) expect(explained).toContain(name);
});

withPeer("memcached", () => {
  test("what is refused, with which words, and what is taken is as memcached has it", async () => {
    await using peer = await startMemcached();
    const { numRuns = 0, seed } = fc.readConfigureGlobal() ?? {};
    const all = fc.sample(probes, {
      numRuns: Math.max(REQUESTS, numRuns),
      ...(seed === undefined ? {} : { seed }),
    });
    const suspects: Uint8Array[] = [];
    const unexplained: Parting[] = [];
    const explained = new Map<string, number>();
    let next = 0;
    const work = async (
      probes: readonly Uint8Array[],
      doubt: (probe: Uint8Array, found: Parting) => void,
    ): Promise<void> => {
      const asker = new Asker(peer.endpoint);
      for (let probe = probes[next++]; probe !== undefined; probe = probes[next++]) {
        const bytes = concat([probe, SENTINEL]);
        const probed = { request: latin1Text(probe), ...decisionsOn(bytes) };
        const { decisions } = probed;
        if (isLeftOut(bytes, decisions)) continue;
        const last = decisions.at(-1);
        const isInStep = last?.kind === "taken" && last.command === "mn";
        const isWhole = (text: string): boolean =>
          text.endsWith("MN\r\n") && compare(probed, text).length === 0;
        const found = compare(probed, await asker.ask(bytes, isWhole, !isInStep));
        // What 1.6.18 reads as commands may be answered later.
        if (!isInStep || found.length > 0 || decisions.some(isRefusedBlock)) asker.close();
        if (found.length === 0) continue;
        const why = found.map(differenceOf).find((name) => name !== undefined);
        if (why === undefined) doubt(probe, found.at(-1) as Parting);
        else explained.set(why, (explained.get(why) ?? 0) + 1);
      }
      asker.close();
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, () => work(all, (probe) => suspects.push(probe))));
    // On a busy machine an answer may not have come in time: once more, one by one.
    next = 0;
    await work(suspects, (_, found) => unexplained.push(found));
    const parted = [...explained.values()].reduce((sum, count) => sum + count, 0);
    expect(all.length - parted).toBeGreaterThan(REQUESTS / 2);
    expect(unexplained.map((found) => inspect(found, { breakLength: Infinity }))).toEqual([]);
  }, 120_000);
});
