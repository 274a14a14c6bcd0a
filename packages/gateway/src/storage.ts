// How a body is to be stored: expiry and flags from the query or the headers, content type and coding from the headers.

import { type Coding, formsOf } from "./compression.ts";
import { keepType } from "./content-type.ts";
import { badRequest, Refusal, shown } from "./refusal.ts";
import type { Settings } from "./settings.ts";

export interface Storage {
  readonly ttlSeconds: number;
  /** All 32 bits. */
  readonly flags: number;
  /** The value to store for a body. */
  valueFor(body: Uint8Array): Uint8Array | Refusal;
}

/** What memcached takes: seconds up to 30 days, or a Unix time. */
const TTL_MAX = 2 ** 31 - 1;
const encoder = new TextEncoder();

/** @param query What the query says, which counts more than headers. */
export function storageFor(
  headers: Headers,
  query: { readonly ttl: string | undefined; readonly flags: string | undefined },
  { contentTypes, flagsMax, compressedFlags }: Settings,
): Storage | Refusal {
  const ttlSeconds = numberIn("ttl", query.ttl ?? headers.get("memcached-ttl"), "seconds ", TTL_MAX);
  if (ttlSeconds instanceof Refusal) return ttlSeconds;
  const flags = numberIn("flags", query.flags ?? headers.get("memcached-flags"), "", flagsMax);
  if (flags instanceof Refusal) return flags;
  const coding = codingIn(headers.get("content-encoding"), compressedFlags);
  if (coding instanceof Refusal) return coding;
  const type = contentTypes ? keepType(headers.get("content-type")) : { code: 0, line: "" };
  if (type instanceof Refusal) return type;
  // One bit says it, if several may.
  const compressed = coding === undefined ? 0 : compressedFlags & -compressedFlags;
  return {
    ttlSeconds,
    flags: ((type.code << 24) | flags | compressed) >>> 0,
    valueFor: (body) => {
      if (coding !== undefined && !hasForm(body, coding)) {
        return badRequest(`the body must be ${coding}, as content-encoding says, and is not`);
      }
      return type.line === "" ? body : behind(type.line, body);
    },
  };
}

function numberIn(name: string, text: string | null, unit: string, most: number): number | Refusal {
  if (text === null) return 0;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : -1;
  if (value >= 0 && value <= most) return value;
  return badRequest(
    `${name} must be a whole number ${unit === "" ? "" : `of ${unit}`}from 0 to ${most}, got ${shown(text)}`,
  );
}

/** Which coding the body has; none if nothing is said of it. Others could not be told by whoever reads. */
function codingIn(header: string | null, compressedFlags: number): Coding | undefined | Refusal {
  const text = (header ?? "").trim().toLowerCase();
  if (text === "" || text === "identity") return undefined;
  const coding = text === "gzip" || text === "x-gzip" ? "gzip" : text;
  if (compressedFlags !== 0 && (coding === "gzip" || coding === "deflate")) return coding;
  const takes = compressedFlags === 0 ? "identity" : "gzip, deflate";
  const message = `content-encoding must be ${compressedFlags === 0 ? "left out" : "gzip or deflate"}, got ${shown(text)}`;
  return new Refusal(415, "encodingsRefused", message, { "accept-encoding": takes });
}

const hasForm = (body: Uint8Array, coding: Coding): boolean =>
  formsOf(body).some((form) => form.coding === coding && form.start === 0);

function behind(line: string, body: Uint8Array): Uint8Array {
  const value = new Uint8Array(line.length + body.length);
  encoder.encodeInto(line, value);
  value.set(body, line.length);
  return value;
}
