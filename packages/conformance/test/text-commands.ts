// Random commands of the text protocol, classic and meta, to which memcached 1.6.18 and this server have the same answer.
//
// Left out is what the two recorded versions answer differently, the engine following 1.6.45: too few or too many
// words, bad numbers in storage commands, lines of less than two characters; of meta commands what meta-requests.ts
// lists.

import fc from "fast-check";
import { type Asked, metaRequests, NEVER_GIVEN } from "./meta-requests.ts";

export const TOO_LONG = "k".repeat(251);

export const KEYS = ["a", "b", "key", "k".repeat(250)];
const key = fc.constantFrom(...KEYS);
const flags = fc.constantFrom("0", "0", "1", "65535", "4294967295");
const exptime = fc.constantFrom("0", "0", "0", "100000", "-1", "1000000000", "4000000000", "2592001");
const noreply = fc.constantFrom("", "", "", " noreply");
const text = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((bytes) => `v${String.fromCharCode(...bytes)}`),
  fc.constant("v".repeat(3_000)),
);
// memcached reads on behind a value of nothing but white space, and behind a number from 2^63 to look for a minus
// sign, into what was in memory before: no such value here, and none that such a number could grow from.
const value = fc.oneof(
  fc.stringMatching(/^[ \t]{0,1}[-+]?[0-9]{1,17}[ \t\0ax-]{0,2}$/),
  fc.constantFrom("10", "99", "007"),
  text,
);
const noDelta = fc.constantFrom("18446744073709551616", "-1", "x", "1.5");
const up = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 56n }).map(String), fc.constantFrom("0", "1"), noDelta);
const down = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  fc.constantFrom("1", "10"),
  noDelta,
);

const classic: fc.Arbitrary<Asked> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom("set", "set", "add", "replace"), key, flags, exptime, value, noreply)
      .map(([command, key, flags, exptime, value, noreply]) => ({
        key,
        wire: `${command} ${key} ${flags} ${exptime} ${value.length}${noreply}\r\n${value}\r\n`,
      })),
  },
  fc
    .tuple(key, value, fc.constantFrom("%", "%", "%", NEVER_GIVEN), noreply)
    .map(([key, value, cas, noreply]) => ({
      key,
      wire: `cas ${key} 7 0 ${value.length} ${cas}${noreply}\r\n${value}\r\n`,
    })),
  {
    weight: 3,
    arbitrary: fc
      .tuple(
        fc.constantFrom("get", "gets", "gets", "gat 0", "gats 100000", "gat -1", "gats x"),
        fc.array(key, { minLength: 1, maxLength: 4 }),
      )
      .map(([command, keys]) => ({ key: "", wire: `${command} ${keys.join(" ")}\r\n` })),
  },
  fc
    .tuple(fc.constantFrom("append", "prepend"), key, flags, exptime, text, noreply)
    .map(([command, key, flags, exptime, value, noreply]) => ({
      key,
      wire: `${command} ${key} ${flags} ${exptime} ${value.length}${noreply}\r\n${value}\r\n`,
    })),
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom("incr", "decr"), key, up, down, noreply)
      .map(([command, key, up, down, noreply]) => ({
        key,
        wire: `${command} ${key} ${command === "incr" ? up : down}${noreply}\r\n`,
      })),
  },
  fc
    .tuple(key, fc.constantFrom("0", "100000", "-1", "x"), noreply)
    .map(([key, exptime, noreply]) => ({ key, wire: `touch ${key} ${exptime}${noreply}\r\n` })),
  fc
    .tuple(key, fc.constantFrom("", "", " 0", " 5", " x", " noreply", " 0 noreply"))
    .map(([key, rest]) => ({ key, wire: `delete ${key}${rest}\r\n` })),
  fc
    .constantFrom(
      "flush_all\r\n",
      "flush_all noreply\r\n",
      "flush_all -1\r\n",
      "flush_all x\r\n",
      "verbosity 0\r\n",
      "nonsense\r\n",
      "GET a\r\n",
      "stats nonsense\r\n",
      // memcached has used those before it when it comes to the key that is too long: of this one nobody asks.
      `get other ${TOO_LONG}\r\n`,
      `delete ${TOO_LONG}\r\n`,
      "set a 0 0 -1\r\n",
      // Bytes of a value that are too many are read as a command.
      "set a 0 0 3\r\nabcdefghijk\r\n",
      "set a 0 0 3 noreply\r\nabcdefghijk\r\n",
    )
    .map((wire) => ({ key: "", wire })),
);

export const asked: fc.Arbitrary<Asked> = fc.oneof(classic, metaRequests(key, value, up, down));

/**
 * Requests that can be sent together. What compares a cas unique has to know what was told before it; a retrieval with a
 * key that is too long makes memcached lose the replies that were to go with its own; and as long as the reply to an
 * `mg` is not sent memcached counts in another item than the one it holds for that, without blanks behind the number,
 * and without its marks.
 */
export function* batches(requests: readonly Asked[]): Generator<readonly Asked[]> {
  let from = 0;
  let holds = false;
  for (const [i, { wire }] of requests.entries()) {
    const splits = /^cas | C%/.test(wire) || wire.includes(TOO_LONG) || (holds && COUNTS.test(wire));
    if (i > from && splits) {
      yield requests.slice(from, i);
      from = i;
      holds = false;
    }
    holds ||= wire.startsWith("mg ");
  }
  yield requests.slice(from);
}

const COUNTS = /^(?:incr|decr|ma) /;
