// Who is known, and the files that say so.

import { latin1Bytes, latin1Text, utf8Bytes } from "@memwire/codec";
import { checkOf, parseAsciiUsers, parseSaslUsers, type User } from "@memwire/server";
import fc from "fast-check";
import { expect, test } from "vitest";

test("a user is known by the whole name and the whole password of the same line", () => {
  const check = checkOf([
    { name: "ann", password: "secret" },
    { name: "bob", password: "hidden" },
    { name: "bob", password: "second" },
    { name: "zoë", password: latin1Bytes("\xff\0") },
  ]);
  const known = (name: string, password: string): boolean => check(utf8Bytes(name), latin1Bytes(password));
  expect(known("ann", "secret")).toBe(true);
  expect(known("bob", "hidden")).toBe(true);
  expect(known("bob", "second")).toBe(true);
  expect(known("zoë", "\xff\0")).toBe(true);
  for (const [name, password] of [
    ["ann", "hidden"],
    ["bob", "secret"],
    ["ann", "secre"],
    ["ann", "secrets"],
    ["ann", "secretsecret"],
    ["annann", "secret"],
    ["ann", ""],
    ["", "secret"],
    ["", ""],
    ["Ann", "secret"],
    ["zoë", "\xff"],
  ] as const) {
    expect([name, password, known(name, password)]).toEqual([name, password, false]);
  }
});

test("exactly those that are listed are known", () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 4, max: 2 });
  const user = fc.record({ name: bytes, password: bytes });
  fc.assert(
    fc.property(fc.array(user, { maxLength: 4 }), user, (users, asked) => {
      const isListed = users.some(
        ({ name, password }) =>
          latin1Text(name) === latin1Text(asked.name) && latin1Text(password) === latin1Text(asked.password),
      );
      expect(checkOf(users)(asked.name, asked.password)).toBe(isListed);
    }),
  );
});

test("a list that changes afterwards changes nothing", () => {
  const password = latin1Bytes("secret");
  const users = [{ name: "ann", password }];
  const check = checkOf(users);
  password.fill(120);
  users.pop();
  expect(check(latin1Bytes("ann"), latin1Bytes("secret"))).toBe(true);
});

test("a user without a name or without a password is a mistake", () => {
  expect(() => checkOf([{ name: "ann", password: "" }])).toThrow(
    new RangeError("a user needs a name and a password, got an empty one for users[0]"),
  );
  expect(() =>
    checkOf([
      { name: "a", password: "b" },
      { name: "", password: "c" },
    ]),
  ).toThrow("users[1]");
});

const shown = (users: readonly User[]): readonly string[] =>
  users.map(
    ({ name, password }) => `${latin1Text(name as Uint8Array)} ${latin1Text(password as Uint8Array)}`,
  );

test.each<readonly [text: string, users: readonly string[]]>([
  ["user:pass\n", ["user pass"]],
  ["user:pass", ["user pass"]],
  ["user:pass\r\nother:word\r\n", ["user pass", "other word"]],
  ["user:a:b:c\n", ["user a:b:c"]],
  ["user:\xff\xfe\n", ["user \xff\xfe"]],
  ["#user:pass\n", ["#user pass"]],
  ["a:a\nb:b\nc:c\nd:d\ne:e\nf:f\ng:g\nh:h\n", ["a a", "b b", "c c", "d d", "e e", "f f", "g g", "h h"]],
  [`u:${"p".repeat(252)}\n`, [`u ${"p".repeat(252)}`]],
])("of a -Y file %j the users are %j", (text, users) => {
  expect(shown(parseAsciiUsers(latin1Bytes(text), "users"))).toEqual(users);
});

test.each<readonly [text: string, message: string]>([
  ["", "/etc/u: must have a line name:password, or nobody could use the server"],
  ["user:pass\nother\n", "/etc/u:2: must be name:password, neither of them empty"],
  ["user:pass\n\n", "/etc/u:2: must be name:password, neither of them empty"],
  [":pass\n", "/etc/u:1: must be name:password, neither of them empty"],
  ["user:\n", "/etc/u:1: must be name:password, neither of them empty"],
  ["# users\nuser:pass\n", "/etc/u:1: must be name:password, neither of them empty"],
  [
    "user:two words\n",
    "/etc/u:1: name and password must be without blanks, which part them where a client says them",
  ],
  ["user:pa\0ss\n", "/etc/u:1: must be without NUL"],
  [`u:${"p".repeat(253)}\n`, "/etc/u:1: must have at most 254 bytes, got 255"],
  ["a:a\n".repeat(9), "/etc/u:9: there may be 8 users, no more"],
])("a -Y file %j is a mistake: %s", (text, message) => {
  expect(() => parseAsciiUsers(latin1Bytes(text), "/etc/u")).toThrow(new RangeError(message));
});

test.each<readonly [text: string, users: readonly string[]]>([
  ["user:pass\nother:word", ["user pass", "other word"]],
  ["user:pass:rest:of it\r\n", ["user pass"]],
  ["# users\n\nuser:pass\n", ["user pass"]],
  ["user:pass\nuser:other\n", ["user pass"]],
  ["user:two words\n", ["user two words"]],
  ["a:a\n".repeat(9), ["a a"]],
])("of a password database %j the users are %j", (text, users) => {
  expect(shown(parseSaslUsers(latin1Bytes(text), "users"))).toEqual(users);
});

test.each<readonly [text: string, message: string]>([
  ["# nobody\n", "/etc/u: must have a line name:password, or nobody could use the server"],
  ["user:pass\nother\n", "/etc/u:2: must be name:password, neither of them empty"],
  ["user::rest\n", "/etc/u:1: the password must not be empty"],
  ["user:pa\0ss\n", "/etc/u:1: must be without NUL"],
  [`u:${"p".repeat(253)}\n`, "/etc/u:1: must have at most 254 bytes, got 255"],
])("a password database %j is a mistake: %s", (text, message) => {
  expect(() => parseSaslUsers(latin1Bytes(text), "/etc/u")).toThrow(new RangeError(message));
});

test("no message repeats what may be a password", () => {
  for (const text of ["secret\n", "user:sec ret\n", "user:secret\0\n", `secret:${"secret".repeat(99)}`]) {
    for (const parse of [parseAsciiUsers, parseSaslUsers]) {
      try {
        parse(latin1Bytes(text), "file");
      } catch (error) {
        expect(String(error)).not.toMatch(/sec/);
      }
    }
  }
});
