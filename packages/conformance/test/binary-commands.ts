// Random requests of the binary protocol to which memcached 1.6.18 and this server have the same answer.
//
// Left out are the values that other tests show memcached to be unsure of (text-commands.ts).

import { type BinaryRequest, latin1Bytes, latin1Text } from "@memwire/codec";
import fc from "fast-check";

/** A request; "last" is the cas unique that the server last told for the key. */
export interface Asked {
  readonly request: BinaryRequest;
  readonly cas: "none" | "last" | "wrong";
}

export const COMMON = { opaque: 0, cas: 0n, vbucket: 0 };

export const KEYS = ["a", "b", " key\0\r\n", "k".repeat(250)].map((text) => latin1Bytes(text));
const key = fc.constantFrom(...KEYS);
const cas = fc.constantFrom("none", "none", "none", "last", "last", "wrong" as const);
const flags = fc.constantFrom(0, 0, 1, 0xffff_ffff);
// The last three are Unix times, the first of them long ago.
const exptime = fc.constantFrom(0, 0, 0, 100_000, 2_592_001, 4_000_000_000, 0xffff_ffff);
const initialExptime = fc.constantFrom(0, 0, 100_000, 2_592_001, 0xffff_ffff, 0xffff_ffff);
// memcached reads on behind a value of nothing but white space, and behind a number from 2^63, into what was in memory
// before: no such value here, and none that such a number could grow from.
const value = fc
  .oneof(
    fc.stringMatching(/^[ \t]{0,1}[-+]?[0-9]{1,17}[ \t\0ax-]{0,2}$/),
    fc.constantFrom("", "10", "99", "007", "v".repeat(3_000)),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => `v${latin1Text(bytes)}`),
  )
  .map((text) => latin1Bytes(text));
const text = fc.uint8Array({ maxLength: 60 }).map((bytes) => latin1Bytes(`v${latin1Text(bytes)}`));
const number = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 56n }), fc.constantFrom(0n, 1n, 10n));
const anyNumber = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), number);

type Ask<O extends BinaryRequest["opcode"]> = Omit<
  Extract<BinaryRequest, { readonly opcode: O }>,
  keyof typeof COMMON
>;
const ask = (request: fc.Arbitrary<Ask<BinaryRequest["opcode"]>>): fc.Arbitrary<Asked> =>
  fc
    .tuple(request, cas)
    .map(([request, cas]) => ({ request: { ...request, ...COMMON } as BinaryRequest, cas }));

export const asked: fc.Arbitrary<Asked> = fc.oneof(
  {
    weight: 4,
    arbitrary: ask(
      fc.record({
        opcode: fc.constantFrom("set", "set", "add", "replace", "setq", "addq", "replaceq"),
        key,
        flags,
        exptime,
        value,
      }),
    ),
  },
  {
    weight: 3,
    arbitrary: ask(fc.record({ opcode: fc.constantFrom("get", "getq", "getk", "getkq"), key })),
  },
  {
    weight: 2,
    arbitrary: ask(
      fc.record({ opcode: fc.constantFrom("append", "appendq", "prepend", "prependq"), key, value: text }),
    ),
  },
  ask(fc.record({ opcode: fc.constantFrom("delete", "deleteq"), key })),
  {
    weight: 2,
    arbitrary: ask(
      fc.record({
        opcode: fc.constantFrom("incr", "incrq"),
        key,
        delta: number,
        initial: number,
        exptime: initialExptime,
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: ask(
      fc.record({
        opcode: fc.constantFrom("decr", "decrq"),
        key,
        delta: anyNumber,
        initial: number,
        exptime: initialExptime,
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: ask(
      fc.record({ opcode: fc.constantFrom("touch", "gat", "gatq", "gatk", "gatkq"), key, exptime }),
    ),
  },
  ask(fc.record({ opcode: fc.constantFrom("noop", "version", "sasl-list") })),
  ask(fc.record({ opcode: fc.constantFrom("flush", "flushq") })),
  ask(fc.constantFrom({ opcode: "flush", exptime: 0 } as const)),
  ask(fc.record({ opcode: fc.constant("stat"), key: fc.constant(latin1Bytes("nonsense")) })),
  ask(fc.record({ opcode: fc.constantFrom("sasl-auth", "sasl-step"), key, value: text })),
);

/**
 * Requests that can be sent together: one with a cas unique has to know what was told before it, and memcached does not
 * pad a number with blanks while a reply that it has not sent yet has the item.
 */
export function* batches(requests: readonly Asked[]): Generator<readonly Asked[]> {
  let from = 0;
  let held = false;
  for (const [i, { request, cas }] of requests.entries()) {
    if (i > from && (cas === "last" || (held && /^(?:in|de)cr/.test(request.opcode)))) {
      yield requests.slice(from, i);
      from = i;
      held = false;
    }
    held ||= /^(?:get|gat|touch)/.test(request.opcode);
  }
  yield requests.slice(from);
}
