import { latin1Bytes, latin1Text, type BinaryRequest } from "@memwire/codec";
import type { UserCheck } from "@memwire/proxy";
import { expect, test } from "vitest";
import { Table, type Hand } from "./bench.ts";
import { COMMON, repliesIn, requestText } from "./binary-text.ts";

const key = latin1Bytes("k0");
const users: UserCheck = (name, password) => latin1Text(name) === "ann" && latin1Text(password) === "secret";

const sasl = (opcode: "sasl-auth" | "sasl-step", value: string, mechanism = "PLAIN"): BinaryRequest => ({
  opcode,
  key: latin1Bytes(mechanism),
  value: latin1Bytes(value),
  ...COMMON,
});
const LIST: BinaryRequest = { opcode: "sasl-list", ...COMMON };
const GET: BinaryRequest = { opcode: "get", key, ...COMMON };
const VERSION: BinaryRequest = { opcode: "version", ...COMMON };

/** Says requests, and answers the status and the text of each reply. */
function ask(table: Table, client: Hand, ...requests: BinaryRequest[]): string[] {
  table.say(client, requestText(...requests));
  return repliesIn(client.read()).map(({ status, value }) => `${status} ${latin1Text(value)}`);
}

const FAILURE = "auth-error Auth failure.";
const dialogues: [requests: BinaryRequest[], replies: string[], isKnown: boolean][] = [
  [[LIST], ["ok PLAIN"], false],
  [[VERSION], ["ok 1.6.45"], false],
  [[sasl("sasl-auth", "\0ann\0secret")], ["ok Authenticated"], true],
  [[sasl("sasl-auth", "ann\0ann\0secret", "plain")], ["ok Authenticated"], true],
  [[sasl("sasl-auth", "bob\0ann\0secret")], [FAILURE], false],
  [[sasl("sasl-auth", "\0ann\0wrong")], [FAILURE], false],
  [[sasl("sasl-auth", "ann secret")], [FAILURE], false],
  [[sasl("sasl-auth", "\0ann\0secret", "CRAM-MD5")], [FAILURE], false],
  [[sasl("sasl-auth", ""), sasl("sasl-step", "\0ann\0secret")], ["auth-continue ", "ok Authenticated"], true],
  [
    [sasl("sasl-auth", ""), sasl("sasl-step", "no"), sasl("sasl-step", "\0ann\0secret")],
    ["auth-continue ", FAILURE, "ok Authenticated"],
    true,
  ],
  [[sasl("sasl-step", "\0ann\0secret")], [FAILURE], false],
  [[sasl("sasl-auth", "\0ann\0secret"), LIST], ["ok Authenticated", "ok PLAIN"], false],
  [[sasl("sasl-auth", "\0ann\0secret"), sasl("sasl-auth", "no")], ["ok Authenticated", FAILURE], false],
];

for (const [i, [requests, replies, isKnown]] of dialogues.entries()) {
  test(`dialogue ${i}: ${replies.join(", ")}, and then it ${isKnown ? "is known" : "is a stranger"}`, () => {
    const table = new Table({}, { users });
    const client = table.client();
    expect(ask(table, client, ...requests)).toEqual(replies);
    const told = ask(table, client, GET, VERSION);
    if (isKnown) {
      expect(table.server(0).read()).toBe("gets k0\r\n");
      expect(client.closed).toBe(false);
    } else {
      expect([told, client.closed, table.hands.size]).toEqual([[FAILURE], true, 1]);
    }
  });
}

test("who may come in says so in the binary protocol alone", () => {
  const table = new Table({}, { users });
  const client = table.client();
  table.say(client, "get k0\r\n");
  expect([client.read(), client.closed, table.hands.size]).toEqual(["", true, 1]);
  expect(() => new Table({}, { users, protocols: ["text"] })).toThrow(
    "pool alpha has users, who come in by the binary protocol: protocols must have it",
  );
});

test("what is no check of users is refused, and lets nobody in", () => {
  const list = [{ name: "ann", password: "secret" }] as unknown as UserCheck;
  for (const wrong of [list, null as unknown as UserCheck]) {
    expect(() => new Table({}, { users: wrong })).toThrow(
      new TypeError("users of pool alpha must be a function: checkOf of @memwire/server makes one of a list"),
    );
  }
  const login = sasl("sasl-auth", "\0ann\0wrong");
  for (const answer of [undefined, null, 1, "no", {}] as unknown as boolean[]) {
    const table = new Table({}, { users: () => answer });
    expect(ask(table, table.client(), login)).toEqual([FAILURE]);
  }
  const table = new Table({}, { users: (async () => false) as unknown as UserCheck });
  const client = table.client();
  expect(() => ask(table, client, login)).toThrow(
    new TypeError("users must answer true or false at once, got a promise"),
  );
});

test("a stranger's large value is neither taken nor sent on", () => {
  const table = new Table({ wholeBytesMax: 100 }, { users });
  const client = table.client();
  const value = new Uint8Array(1_000);
  expect(ask(table, client, { opcode: "set", key, flags: 0, exptime: 0, value, ...COMMON })).toEqual([
    FAILURE,
  ]);
  expect([client.closed, table.hands.size]).toEqual([true, 1]);
  const other = table.client();
  const large = { ...sasl("sasl-auth", "\0".repeat(1_000)) };
  expect(ask(table, other, large, VERSION)).toEqual(["out-of-memory Out of memory", "ok 1.6.45"]);
});

test("stats has how often clients said who they are and how often in vain, where they have to", () => {
  const table = new Table({}, { users }, [{ name: "beta" }]);
  const client = table.client();
  ask(table, client, sasl("sasl-auth", ""), sasl("sasl-step", "no"), sasl("sasl-step", "\0ann\0secret"));
  ask(table, client, sasl("sasl-auth", "\0ann\0wrong"), sasl("sasl-auth", "", "X".repeat(33)), LIST);
  // Whoever asks for something without a word of who it is has not failed to say it.
  ask(table, table.client(), GET);
  const lines = table.client(1);
  table.say(lines, "stats\r\n");
  const auth = Array.from(lines.read().matchAll(/^STAT (\S*auth\S* \d+)/gm), ([, line]) => line);
  expect(auth).toEqual(["alpha:auth_cmds 3", "alpha:auth_errors 2"]);
});
