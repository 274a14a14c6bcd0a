// Every meta command as [wire, meaning], read and written from the same table; and what its flags say.

import { DEFAULT_LIMITS, latin1Text, TextRequestDecoder, type MetaRequest } from "@memwire/codec";
import { expect, test } from "vitest";
import { testCanonical, testTolerated, type CanonicalRow, type ToleratedRow } from "./request-rows.ts";
import { wire } from "./wire.ts";

const a = wire("a");
const all = "k s t c f v h l u q x I P L O1 R30 N30".split(" ");

const canonical: readonly CanonicalRow[] = [
  ["mg a\r\n", mg()],
  ["mg a v\r\n", mg("v")],
  ["mg a v t O123 k\r\n", mg("v", "t", "O123", "k")],
  [`mg a ${all.join(" ")} E7\r\n`, mg(...all, "E7")],
  ["mg a T007\r\n", mg("T007")],
  ["mg a T-1 N0 R-9223372036854775807\r\n", mg("T-1", "N0", "R-9223372036854775807")],
  ["mg a vfoo Pfoo Lbar/ Mxyz O\r\n", mg("vfoo", "Pfoo", "Lbar/", "Mxyz", "O")],
  [`mg a O${"o".repeat(31)}\r\n`, mg(`O${"o".repeat(31)}`)],
  [`mg ${"k".repeat(250)} v\r\n`, { ...mg("v"), key: wire("k".repeat(250)) }],
  ["mg \xff\xc3\x7f\t v\r\n", { ...mg("v"), key: wire("\xff\xc3\x7f\t") }],
  ["mg AAEgc3ANCv8= b v k\r\n", { ...mg("b", "v", "k"), key: wire("\x00\x01 sp\r\n\xff") }],
  ["mg YQ== b\r\n", mg("b")],
  ["mg YWI= v bx\r\n", { ...mg("v", "bx"), key: wire("ab") }],
  [`mg ${"a2tr".repeat(62)} b\r\n`, { ...mg("b"), key: wire("kkk".repeat(62)) }],
  ["mg noreply\r\n", { ...mg(), key: wire("noreply") }],
  ["ms a 1\r\nx\r\n", ms("x")],
  ["ms a 0\r\n\r\n", ms("")],
  ["ms a 7 q\r\nmg a v\n\r\n", ms("mg a v\n", "q")],
  ["ms a 2 F4294967295 T100 c k O55\r\nhi\r\n", ms("hi", "F4294967295", "T100", "c", "k", "O55")],
  ["ms a 1 MS\r\nx\r\n", ms("x", "MS")],
  ["ms a 1 MAppend N30 I\r\nx\r\n", ms("x", "MAppend", "N30", "I")],
  ["ms a 1 C18446744073709551615 E0\r\nx\r\n", ms("x", "C18446744073709551615", "E0")],
  ["ms YQ== 1 b\r\nx\r\n", ms("x", "b")],
  [`ms a 5000\r\n${"v".repeat(5000)}\r\n`, ms("v".repeat(5000))],
  ["md a\r\n", { command: "md", key: a, metaFlags: [] }],
  ["md a q I T30 x C5 E6\r\n", { command: "md", key: a, metaFlags: ["q", "I", "T30", "x", "C5", "E6"] }],
  ["ma a\r\n", { command: "ma", key: a, metaFlags: [] }],
  ["ma a N0 J13 D5 M- v\r\n", { command: "ma", key: a, metaFlags: ["N0", "J13", "D5", "M-", "v"] }],
  ["me a\r\n", { command: "me", key: a, metaFlags: [] }],
  ["me AA== b\r\n", { command: "me", key: wire("\0"), metaFlags: ["b"] }],
  ["mn\r\n", { command: "mn" }],
];

const tolerated: readonly ToleratedRow[] = [
  ["mg a\n", mg(), "mg a"],
  ["mg  a  v  \r\n", mg("v"), "mg  a  v"],
  ["mg a\rb v\r\n", { ...mg("v"), key: wire("a\rb") }, "mg a\rb v"],
  ["mg YQ==YQ== b\r\n", mg("b"), "mg YQ==YQ== b"],
  ["mg Y!Q== b\r\n", mg("b"), "mg Y!Q== b"],
  ["mg YQ==\xff b\r\n", mg("b"), "mg YQ==\xff b"],
  ["mg YR== b\r\n", mg("b"), "mg YR== b"],
  ["mg YW=j b\r\n", { ...mg("b"), key: wire("a`") }, "mg YW=j b"],
  ["ms a 01 q \nx\r\n", ms("x", "q"), "ms a 01 q"],
  ["me a x y y\r\n", { command: "me", key: a, metaFlags: [] }, "me a"],
  ["me a v b\r\n", { command: "me", key: a, metaFlags: [] }, "me a"],
  ["me YQ== b x\r\n", { command: "me", key: a, metaFlags: ["b"] }, "me YQ== b"],
  ["me YQ== bx\r\n", { command: "me", key: wire("YQ=="), metaFlags: [] }, "me YQ=="],
  ["mn a b\r\n", { command: "mn" }, "mn"],
];

function mg(...metaFlags: string[]): Exclude<MetaRequest, { readonly command: "ms" | "mn" }> {
  return { command: "mg", key: a, metaFlags };
}

function ms(value: string, ...metaFlags: string[]): MetaRequest {
  return { command: "ms", key: a, metaFlags, value: wire(value) };
}

testCanonical(canonical);
testTolerated(tolerated);

test("every meta command is in the table", () => {
  const all: Record<MetaRequest["command"], true> = {
    mg: true,
    ms: true,
    md: true,
    ma: true,
    me: true,
    mn: true,
  };
  expect(new Set(canonical.map(([, { command }]) => command))).toEqual(new Set(Object.keys(all)));
});

/** The decoder at the last of so many requests. */
function decoderAt(text: string, requests = 1): TextRequestDecoder {
  const decoder = new TextRequestDecoder();
  decoder.receive(wire(text));
  for (let i = 0; i < requests; i++) expect(decoder.next()).toBe("request");
  return decoder;
}

test("the tokens of flags are numbers, exact to 64 bits", () => {
  const most = { high: 0xffff_ffff, low: 0xffff_ffff };
  const token = "18446744073709551615";
  expect(decoderAt(`ma a D${token} J${token} C${token} E${token} T-5 N6 R7 F4294967295\r\n`)).toMatchObject({
    delta: most,
    initial: most,
    cas: most,
    newCas: most,
    exptime: -5,
    vivifyExptime: 6,
    recacheExptime: 7,
    flags: 4_294_967_295,
  });
});

test("what a line does not say is not what the line before it said", () => {
  const decoder = decoderAt("ma YQ== q b D7 J8 T9 N1 R2 F3 C4 E5 M-\r\nma a\r\n", 2);
  expect(decoder).toMatchObject({
    quiet: false,
    keyIsBase64: false,
    mode: "I",
    delta: { high: 0, low: 1 },
    initial: { high: 0, low: 0 },
    exptime: 0,
    vivifyExptime: 0,
    recacheExptime: 0,
    flags: 0,
  });
  expect("qbDJTNRFCEM".split("").filter((letter) => decoder.meta.has(letter))).toEqual([]);
});

test("a flag is found by its letter, with the token behind it, in the order of the line", () => {
  const decoder = decoderAt("mg a v Oabc t\r\n");
  const { bytes, meta } = decoder;
  expect(["v", "O", "t", "k"].map((letter) => meta.indexOf(letter))).toEqual([0, 1, 2, -1]);
  expect(latin1Text(bytes, meta.tokenStart("O"), meta.tokenEnd("O"))).toBe("abc");
  expect(meta.tokenStart("v")).toBe(meta.tokenEnd("v"));
  expect([meta.tokenStart("k"), meta.tokenEnd("k")]).toEqual([-1, -1]);
});

test("a mode is known by its first byte, and there is one without a flag M", () => {
  const modesOf = (lines: readonly string[]): string[] => lines.map((line) => decoderAt(line).mode);
  expect(modesOf(["", " MI", " M+", " MIncr", " MD", " M-"].map((mode) => `ma a${mode}\r\n`))).toEqual(
    "IIIIDD".split(""),
  );
  expect(
    modesOf(["", " MS", " ME", " MA", " MPrepend", " MR"].map((mode) => `ms a 0${mode}\r\n\r\n`)),
  ).toEqual("SSEAPR".split(""));
});

test("q asks for quiet, and noreply is nothing to meta commands", () => {
  expect(decoderAt("mg a q\r\n")).toMatchObject({ quiet: true, noreply: false });
  expect(decoderAt("mg noreply\r\n")).toMatchObject({ quiet: false, noreply: false });
  expect(decoderAt("mg a q\r\nmg a\r\n", 2).quiet).toBe(false);
});

test("no request is as quiet as a meta request before it was", () => {
  for (const line of ["get a", "gets a", "mn", "nonsense", "me a", "md a", "mg a"]) {
    const decoder = new TextRequestDecoder();
    decoder.receive(wire(`mg a q\r\n${line}\r\n`));
    expect([decoder.next(), decoder.quiet]).toEqual(["request", true]);
    expect(decoder.next(), line).not.toBe("need-data");
    expect(decoder.quiet, line).toBe(false);
  }
  const decoder = new TextRequestDecoder();
  decoder.receive(wire("mg a q\r\nset a 0 0 1\r\nx\r\n"));
  expect([decoder.next(), decoder.next(), decoder.quiet]).toEqual(["request", "request", false]);
});

test("the key itself is copied, whatever it looks like on the line", () => {
  const into = new Uint8Array(DEFAULT_LIMITS.keyBytesMax);
  const keyOf = (text: string, requests = 1): string =>
    latin1Text(into, 0, decoderAt(text, requests).copyKey(into));
  expect(keyOf("mg abc v\r\n")).toBe("abc");
  expect(keyOf("mg YWJj v b\r\n")).toBe("abc");
  expect(keyOf("me YWI= b\r\n")).toBe("ab");
  expect(keyOf("mg YWI= b\r\nget YWI=\r\n", 2)).toBe("YWI=");
  expect(keyOf(`mg ${"a2tr".repeat(62)} b\r\n`)).toBe("kkk".repeat(62));
});

test("each line says of which family of commands it is", () => {
  const families = ["get a", "lru_crawler enable", "mg a", "mn"].map(
    (text) => decoderAt(`${text}\r\n`).family,
  );
  expect(families).toEqual(["classic", "admin", "meta", "meta"]);
  const decoder = decoderAt("mg a\r\n");
  for (const text of ["foo\r\n", "\r\n", "mn\n", "x".repeat(3_000)]) {
    decoder.receive(wire(text));
    expect(decoder.next()).not.toBe("request");
    expect(decoder.family).toBe("none");
  }
});
