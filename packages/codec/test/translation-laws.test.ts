// What holds for every request and every reply that goes from one format to another.

import {
  BINARY_STATUSES,
  binaryReplies,
  isMetaRequest,
  textReplies,
  toBinary,
  toClassic,
  toMeta,
  type BinaryRequest,
  type BinaryStatus,
  type ClassicRequest,
  type AdminRequest,
  type MetaRequest,
  type Translated,
  type TextRequest,
} from "@memwire/codec";
import fc from "fast-check";
import { expect, test } from "vitest";
import { failureOf, statusOf } from "../src/translate/failure.ts";
import { adminRequest, classicRequest, metaRequest, reply, request } from "./arbitraries.ts";
import { binaryReply, binaryRequest } from "./binary-arbitraries.ts";
import { encodeBinaryReplies, encodeBinaryRequests } from "./binary-wire.ts";
import { encodeReplies, encodeRequests } from "./wire.ts";

type Any = TextRequest | BinaryRequest;

const often = { numRuns: fc.readConfigureGlobal()?.numRuns ?? 1_000 };

const FORMATS = ["classic", "meta", "binary"] as const;
type Format = (typeof FORMATS)[number];

const formatOf = (each: Any): Format => {
  if ("opcode" in each) return "binary";
  return isMetaRequest(each) ? "meta" : "classic";
};

function to(format: Format, each: Any): Translated<Any> {
  switch (format) {
    case "classic":
      return toClassic(each as MetaRequest | BinaryRequest);
    case "meta":
      return toMeta(each as ClassicRequest | AdminRequest | BinaryRequest);
    case "binary":
      return toBinary(each as TextRequest);
  }
}

const anyRequest: fc.Arbitrary<Any> = fc.oneof(classicRequest, adminRequest, metaRequest, binaryRequest);
const format = fc.constantFrom(...FORMATS);

test("what was translated says the same when it is translated back and forth again", () => {
  let translated = 0;
  fc.assert(
    fc.property(anyRequest, format, (asked, target) => {
      const source = formatOf(asked);
      fc.pre(source !== target);
      // In meta a binary touch, which tells of the item, is a retrieval that leaves out the value: back it is `gat`.
      fc.pre(!("opcode" in asked && asked.opcode === "touch"));
      const there = to(target, asked);
      if ("untranslatable" in there) return;
      translated++;
      for (const one of there) {
        if (source === "meta" && "opcode" in one && one.opcode === "touch") continue;
        const back = to(source, one);
        if ("untranslatable" in back) throw new Error(`${back.untranslatable}: ${back.what}`);
        expect(back.map(formatOf)).toEqual([source]);
        expect(to(target, back[0] as Any)).toEqual([one]);
      }
    }),
    often,
  );
  expect(translated).toBeGreaterThan(0);
});

test("a classic request comes back from meta as it was, but for what nobody hears", () => {
  fc.assert(
    fc.property(classicRequest, (asked) => {
      const there = toMeta(asked);
      if ("untranslatable" in there) {
        expect(there.untranslatable).toBe("command");
        return;
      }
      const joins = asked.command === "append" || asked.command === "prepend";
      const loud = {
        ...asked,
        ...("noreply" in asked && { noreply: false }),
        // What is appended takes those of what is there.
        ...(joins && { flags: 0, exptime: 0 }),
      };
      const expected = "keys" in loud ? loud.keys.map((key) => ({ ...loud, keys: [key] })) : [loud];
      expect(there.map((one) => toClassic(one))).toEqual(expected.map((one) => [one]));
    }),
    often,
  );
});

test("what was translated can be written, and nothing throws", () => {
  fc.assert(
    fc.property(anyRequest, format, (asked, target) => {
      fc.pre(formatOf(asked) !== target);
      const there = to(target, asked);
      if ("untranslatable" in there) {
        expect(typeof there.what).toBe("string");
        return;
      }
      expect(there.length).toBeGreaterThan(0);
      for (const one of there) {
        if ("opcode" in one) encodeBinaryRequests([one]);
        else encodeRequests([one]);
      }
    }),
    often,
  );
});

test("whatever is answered, the client is told what can be written, or it is refused by type", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.tuple(request, fc.array(reply, { maxLength: 4 })),
        fc.tuple(request, fc.array(binaryReply, { maxLength: 4 })),
      ),
      ([asked, answered]) => {
        const told = textReplies(asked, answered);
        if (!("untranslatable" in told)) encodeReplies(told);
      },
    ),
    often,
  );
  fc.assert(
    fc.property(binaryRequest, fc.array(reply, { maxLength: 4 }), (asked, answered) => {
      const told = binaryReplies(asked, answered);
      if ("untranslatable" in told) return;
      encodeBinaryReplies(told);
      for (const { opaque, opcode } of told) expect([opaque, opcode]).toEqual([asked.opaque, asked.opcode]);
    }),
    often,
  );
});

test("errors come back from the other format as they were", () => {
  const statuses = Object.keys(BINARY_STATUSES) as BinaryStatus[];
  const failures = statuses.filter((status) => failureOf(status, "") !== undefined);
  expect(failures.toSorted()).toEqual(
    ["auth-error", "invalid", "non-numeric", "out-of-memory", "too-large", "unknown-command"].toSorted(),
  );
  for (const status of failures) {
    const failure = failureOf(status, BINARY_STATUSES[status].text);
    expect(failure).toEqual(failureOf(status, ""));
    expect(failure && statusOf(failure)).toEqual([status, BINARY_STATUSES[status].text]);
  }
  for (const kind of ["error", "client-error", "server-error"] as const) {
    const [status, text] = statusOf({ kind, text: "of its own" });
    expect(failureOf(status, text)).toEqual({ kind, text: "of its own" });
  }
});

test("more replies than a request has are not the answer to it", () => {
  const key = Uint8Array.of(97);
  const common = { opaque: 0, cas: 1n, key: new Uint8Array(0), value: key };
  const hit = { opcode: "get", status: "ok", flags: 0, ...common } as const;
  const miss = { opcode: "get", status: "not-found", ...common } as const;
  const get = { command: "get", keys: [key] } as const;
  expect(textReplies(get, [hit])).toMatchObject([{ kind: "value" }, { kind: "end" }]);
  for (const answered of [
    [hit, hit],
    [miss, hit],
    [hit, miss],
  ]) {
    expect(textReplies(get, answered)).toHaveProperty("untranslatable", "reply");
  }
});
