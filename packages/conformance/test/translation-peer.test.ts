// Translation beside real memcached: the same dialogue in one format on one memcached, and translated on others, gives
// the same answers and leaves the same items.

import {
  binaryReplies,
  latin1Bytes,
  latin1Text,
  textReplies,
  toBinary,
  toClassic,
  toMeta,
  type BinaryReply,
  type BinaryRequest,
  type MetaRequest,
  type TextReply,
  type Translated,
  type UntranslatableReason,
  type ClassicRequest,
} from "@memwire/codec";
import type { Endpoint } from "@memwire/engine";
import fc from "fast-check";
import { expect, test } from "vitest";
import { startMemcached, withPeer } from "../src/mod.ts";
import { Dialogue } from "./translation-dialogue.ts";

const KEYS = ["a", "b", "n", "k\x01\xff"];
const key = fc.constantFrom(...KEYS).map(latin1Bytes);
const value = fc.constantFrom("", "5", "99", "18446744073709551615", "x\r\nEND\r\n", "abc").map(latin1Bytes);
const flags = fc.constantFrom(0, 7, 0xffff_ffff);
const exptime = fc.constantFrom(0, 0, 100, -1, 2_592_001);
const exptime32 = fc.constantFrom(0, 0, 100, 2_592_001);
const delta = fc.constantFrom(0n, 1n, 3n, (1n << 64n) - 1n);
/** A cas unique: what it was when the item was last seen, that and something, none, or another. */
const casNear = fc.constantFrom<"seen" | "other" | "zero">("seen", "seen", "other", "zero");
const noreply = fc.constantFrom(false, false, false, true);

type Cas = "seen" | "other" | "zero" | undefined;
/** A request that needs a cas unique, which differs from server to server. */
type Made<Request> = (casOf: (near: Cas) => bigint) => Request;

const classic: fc.Arbitrary<Made<ClassicRequest>> = fc.oneof(
  fc
    .record({
      command: fc.constantFrom("get" as const, "gets" as const),
      keys: fc.array(key, { minLength: 1, maxLength: 5 }),
    })
    .map((request) => () => request),
  fc
    .record({
      command: fc.constantFrom("gat" as const, "gats" as const),
      exptime,
      keys: fc.array(key, { minLength: 1, maxLength: 3 }),
    })
    .map((request) => () => request),
  fc
    .record({
      command: fc.constantFrom(
        "set" as const,
        "add" as const,
        "replace" as const,
        "append" as const,
        "prepend" as const,
      ),
      key,
      flags,
      exptime,
      value,
      noreply,
    })
    .map((request) => () => request),
  fc
    .record({ key, flags, exptime, value, noreply, near: casNear })
    .map(({ near, ...request }): Made<ClassicRequest> => (casOf) => ({
      command: "cas",
      ...request,
      cas: casOf(near),
    })),
  fc.record({ command: fc.constant("delete" as const), key, noreply }).map((request) => () => request),
  fc
    .record({ command: fc.constantFrom("incr" as const, "decr" as const), key, delta, noreply })
    .map((request) => () => request),
  fc
    .record({ command: fc.constant("touch" as const), key, exptime, noreply })
    .map((request) => () => request),
);

const letters = (...all: string[]): fc.Arbitrary<string[]> => fc.subarray(all);
const perhaps = (...all: string[]): fc.Arbitrary<string[]> =>
  fc.constantFrom([], ...all.map((flag) => [flag]));
const metaKey = fc.oneof(key, fc.constantFrom("a b", "\0\r\n").map(latin1Bytes));
const shuffledFlags = (...parts: fc.Arbitrary<string[]>[]): fc.Arbitrary<string[]> =>
  fc.tuple(...parts).chain((lists) => {
    const flat = lists.flat();
    return fc.shuffledSubarray(flat, { minLength: flat.length });
  });

const meta: fc.Arbitrary<Made<MetaRequest>> = fc
  .oneof(
    fc.record({
      command: fc.constant("mg" as const),
      key: metaKey,
      metaFlags: shuffledFlags(letters("v", "f", "c", "s", "k", "q", "Oab"), perhaps("T0", "T100", "T-1")),
      near: fc.constant(undefined),
    }),
    fc.record({
      command: fc.constant("ms" as const),
      key: metaKey,
      value,
      metaFlags: shuffledFlags(
        letters("k", "q", "O1"),
        perhaps("c"),
        perhaps("F7"),
        perhaps("T0", "T100", "T-1"),
        perhaps("MS", "ME", "MA", "MP", "MR"),
      ),
      near: fc.constantFrom<Cas>(undefined, undefined, "seen", "other", "zero"),
    }),
    fc.record({
      command: fc.constant("md" as const),
      key: metaKey,
      metaFlags: shuffledFlags(letters("k", "q", "Oz")),
      near: fc.constantFrom<Cas>(undefined, undefined, "seen", "other", "zero"),
    }),
    fc.record({
      command: fc.constant("ma" as const),
      key: metaKey,
      metaFlags: shuffledFlags(
        letters("v", "k", "O7"),
        perhaps("c"),
        perhaps("D3", "D0"),
        perhaps("MI", "MD"),
        // Not together: of what it creates memcached 1.6.18 tells all the same.
        perhaps("q", "N0", "N100"),
        perhaps("J13"),
      ),
      near: fc.constantFrom<Cas>(undefined, undefined, "seen", "other", "zero"),
    }),
  )
  .map(({ near, ...request }): Made<MetaRequest> => (casOf) => {
    const ifCas = near === undefined ? [] : [`C${casOf(near)}`];
    if (!/[ \0\r\n]/.test(latin1Text(request.key)))
      return { ...request, metaFlags: [...request.metaFlags, ...ifCas] };
    // memcached forgets with `ma` that a key came in base64, and then tells it as it is, line end and all.
    const metaFlags = request.metaFlags.filter((flag) => flag !== "k");
    return { ...request, metaFlags: [...metaFlags, "b", ...ifCas] };
  });

const quietly = <Opcode extends string>(...opcodes: Opcode[]): fc.Arbitrary<Opcode | `${Opcode}q`> =>
  fc.constantFrom(...opcodes.flatMap((opcode): (Opcode | `${Opcode}q`)[] => [opcode, `${opcode}q`]));
const common = { opaque: fc.constantFrom(0, 0xdead_beef), vbucket: fc.constant(0) };

const binary: fc.Arbitrary<Made<BinaryRequest>> = fc
  .tuple(
    fc.oneof(
      fc.record({ opcode: quietly("get", "getk"), key: metaKey, ...common }),
      fc.record({ opcode: quietly("gat", "gatk"), key: metaKey, exptime: exptime32, ...common }),
      fc.record({ opcode: fc.constant("touch" as const), key: metaKey, exptime: exptime32, ...common }),
      fc.record({
        opcode: quietly("set", "add", "replace"),
        key: metaKey,
        flags,
        exptime: exptime32,
        value,
        ...common,
      }),
      fc.record({ opcode: quietly("append", "prepend"), key: metaKey, value, ...common }),
      fc.record({ opcode: quietly("delete"), key: metaKey, ...common }),
      fc.record({
        opcode: quietly("incr", "decr"),
        key: metaKey,
        delta,
        initial: fc.constantFrom(0n, 10n),
        exptime: fc.constantFrom(0, 100, 0xffff_ffff),
        ...common,
      }),
      fc.record({ opcode: fc.constantFrom("noop" as const, "version" as const), ...common }),
    ),
    fc.constantFrom<Cas>("zero", "zero", "zero", "seen", "other"),
  )
  .map(([request, near]): Made<BinaryRequest> => (casOf) => ({
    ...request,
    cas: "key" in request ? casOf(near) : 0n,
  }));

/** A memcached, and the cas unique of the item that was looked at last. */
class World implements Disposable {
  readonly dialogue: Dialogue;
  #seen = 0n;

  private constructor(dialogue: Dialogue) {
    this.dialogue = dialogue;
  }

  /** Forgets all items. */
  static async at(endpoint: Endpoint): Promise<World> {
    const dialogue = await Dialogue.connect(endpoint);
    await dialogue.classic({ command: "flush_all", exptime: 0, noreply: false });
    return new World(dialogue);
  }

  /** The request as this memcached is to be asked it. */
  async ask<Request extends object>(make: Made<Request>): Promise<Request> {
    const request = make(() => 0n);
    const key =
      "keys" in request ? (request.keys as Uint8Array[])[0] : "key" in request ? request.key : undefined;
    if (key !== undefined) {
      const [reply] = await this.dialogue.meta({
        command: "mg",
        key: key as Uint8Array,
        metaFlags: ["c", "b"],
      });
      this.#seen = reply?.kind === "hd" ? BigInt(reply.metaFlags[0]?.slice(1) ?? 0) : 99n;
    }
    return make((near) => (near === "seen" ? this.#seen : near === "other" ? this.#seen + 1_000_000n : 0n));
  }

  /** All items, but for their cas uniques and the second that they have left. */
  async items(): Promise<unknown> {
    const found: unknown[] = [];
    for (const name of [...KEYS, "a b", "\0\r\n"]) {
      const metaFlags = ["v", "f", "t", "b"];
      const [reply] = await this.dialogue.meta({ command: "mg", key: latin1Bytes(name), metaFlags });
      if (reply?.kind !== "va") continue;
      found.push([name, latin1Text(reply.value), reply.metaFlags.map((flag) => flag.replace(/^t\d+/, "t+"))]);
    }
    return found;
  }

  [Symbol.dispose](): void {
    this.dialogue[Symbol.dispose]();
  }
}

/** Servers count cas uniques for themselves; whether there is one is what is compared. */
function withoutCas(reply: object): object {
  const copy: Record<string, unknown> = { ...reply };
  if (typeof copy["cas"] === "bigint") copy["cas"] = copy["cas"] !== 0n;
  if (Array.isArray(copy["metaFlags"])) {
    copy["metaFlags"] = copy["metaFlags"].map((flag: string) => flag.replace(/^c[1-9]\d*$/, "c+"));
  }
  return copy;
}

const shown = (request: object): string =>
  JSON.stringify(request, (_, part: unknown) =>
    part instanceof Uint8Array ? latin1Text(part) : typeof part === "bigint" ? String(part) : part,
  );

/** A way that a request may go: translated, asked and translated back. */
interface Way<Request, Reply> {
  readonly name: string;
  readonly go: (dialogue: Dialogue, request: Request) => Promise<Translated<Reply>>;
  /** Why a request may have no translation; there must be some that have none for each. */
  readonly refusals: readonly UntranslatableReason[];
  /** Of what is answered directly, what this way cannot tell. */
  readonly untold?: (request: Request, reply: Reply) => Reply;
}

/** Asks them all, if there is a translation. */
async function asked<Request, Reply>(
  requests: Translated<Request>,
  ask: (request: Request) => Promise<readonly Reply[]>,
): Promise<Translated<Reply>> {
  if ("untranslatable" in requests) return requests;
  const replies: Reply[] = [];
  for (const request of requests) replies.push(...(await ask(request)));
  return replies;
}

/** The same dialogue, directly and by each way, gives the same answers and the same items. */
async function compare<Request extends object, Reply extends object>(
  requests: fc.Arbitrary<Made<Request>>,
  direct: (dialogue: Dialogue, request: Request) => Promise<readonly Reply[]>,
  ways: readonly Way<Request, Reply>[],
): Promise<void> {
  // Where it maintains its lists in a thread of its own, `decr` pads what it stores with blanks, or does not, by chance.
  const args = ["-o", "no_lru_maintainer,no_lru_crawler"];
  await using peers = new AsyncDisposableStack();
  const endpoints: Endpoint[] = [];
  for (let i = 0; i <= ways.length; i++) endpoints.push(peers.use(await startMemcached({ args })).endpoint);
  const [home, ...others] = endpoints as [Endpoint, ...Endpoint[]];
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(requests, { maxLength: 20, size: "max" }), async (dialogue) => {
      using here = await World.at(home);
      using stack = new DisposableStack();
      const there: World[] = [];
      for (const endpoint of others) there.push(stack.use(await World.at(endpoint)));
      for (const make of dialogue) {
        const expected = await direct(here.dialogue, await here.ask(make));
        for (const [i, { name, go, refusals, untold }] of ways.entries()) {
          const world = there[i] as World;
          const request = await world.ask(make);
          const told = await go(world.dialogue, request);
          if ("untranslatable" in told) {
            expect(refusals, `${told.untranslatable}: ${told.what}`).toContain(told.untranslatable);
            seen.add(`${name} ${told.untranslatable}`);
            await direct(world.dialogue, request);
            continue;
          }
          seen.add(name);
          const tellable = expected.map((reply) => untold?.(request, reply) ?? reply);
          expect(told.map(withoutCas), `${name} ${shown(request)}`).toEqual(tellable.map(withoutCas));
        }
      }
      const items = await here.items();
      for (const world of there) expect(await world.items()).toEqual(items);
    }),
    { numRuns: fc.readConfigureGlobal()?.numRuns ?? 150 },
  );
  for (const { name, refusals } of ways) {
    expect([...seen]).toEqual(
      expect.arrayContaining([name, ...refusals.map((reason) => `${name} ${reason}`)]),
    );
  }
}

/** What the text protocol does not tell of an item that it does not retrieve. */
function itemUntold({ opcode }: BinaryRequest, { flags, ...reply }: BinaryReply): BinaryReply {
  if (opcode.startsWith("get") || opcode.startsWith("gat")) {
    return flags === undefined ? reply : { ...reply, flags };
  }
  return { ...reply, cas: 0n };
}

/** `translated`, or what is told of what was answered to it. */
function back<Reply, Told>(
  replies: Translated<Reply>,
  translate: (replies: readonly Reply[]) => Translated<Told>,
): Translated<Told> {
  return "untranslatable" in replies ? replies : translate(replies);
}

withPeer("memcached", () => {
  test("classic dialogues are the same in meta and in binary", async () => {
    await compare<ClassicRequest, TextReply>(classic, (dialogue, request) => dialogue.classic(request), [
      {
        name: "meta",
        refusals: [],
        go: async (dialogue, request) =>
          back(await asked(toMeta(request), (each) => dialogue.meta(each)), (replies) =>
            textReplies(request, replies),
          ),
      },
      {
        name: "binary",
        refusals: ["cas"],
        go: async (dialogue, request) =>
          back(await asked(toBinary(request), (each) => dialogue.binary(each)), (replies) =>
            textReplies(request, replies),
          ),
      },
    ]);
  });

  test("meta dialogues are the same in classic and in binary", async () => {
    await compare<MetaRequest, TextReply>(meta, (dialogue, request) => dialogue.quietMeta(request), [
      {
        name: "classic",
        refusals: ["cas", "initial", "key"],
        go: async (dialogue, request) =>
          back(await asked(toClassic(request), (each) => dialogue.classic(each)), (replies) =>
            textReplies(request, replies),
          ),
      },
      {
        name: "binary",
        refusals: ["cas"],
        go: async (dialogue, request) =>
          back(await asked(toBinary(request), (each) => dialogue.binary(each)), (replies) =>
            textReplies(request, replies),
          ),
      },
    ]);
  });

  test("binary dialogues are the same in classic and in meta", async () => {
    await compare<BinaryRequest, BinaryReply>(binary, (dialogue, request) => dialogue.quietBinary(request), [
      {
        name: "classic",
        refusals: ["cas", "initial", "key", "command"],
        untold: itemUntold,
        go: async (dialogue, request) =>
          back(await asked(toClassic(request), (each) => dialogue.classic(each)), (replies) =>
            binaryReplies(request, replies),
          ),
      },
      {
        name: "meta",
        refusals: ["command"],
        go: async (dialogue, request) =>
          back(await asked(toMeta(request), (each) => dialogue.meta(each)), (replies) =>
            binaryReplies(request, replies),
          ),
      },
    ]);
  });
});
