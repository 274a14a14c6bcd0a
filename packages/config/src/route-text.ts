// A route of the gateway as text: from a URL's arguments to a key.
//
//     path   /api/{uid}?lang      uid is a segment, lang is an argument of the query
//     key    u:{uid}:{lang}
//
// What is checked is what can be said with the line of the file; the gateway itself has the last word on a template.

import { got } from "./mistake.ts";

/** What a route's path is, for messages; and its key. */
export const routePathForm = "a path that starts with /, such as /api/{uid}?lang";
export const routeKeyForm = "a key with arguments of the path in braces, such as u:{uid}:{lang}";

/** A path that was read. */
export interface RoutePath {
  readonly text: string;
  /** The names of its arguments, none twice. */
  readonly names: readonly string[];
  /** The same for paths that take the same URLs: whatever the names, and whatever the query. */
  readonly shape: string;
}

/** A key that was read. */
export interface RouteKey {
  readonly text: string;
  /** Which arguments it takes, in its order. */
  readonly names: readonly string[];
}

/** Of a path, and of a key with its arguments. */
const LENGTH_MAX = 1_024;
const KEY_BYTES_MAX = 250;

const inBraces = /\{([^{}]*)\}/g;
const argumentSegment = /^\{([^{}]*)\}$/;
/** What stands in a URL as it is. */
const literalSegment = /^[\w.~!$&'()*+,;=:@-]+$/;
const isName = /^[A-Za-z_]\w*$/;

/** What the gateway answers itself, and what is under it. */
const ownPath = /^\/(kv|multi|stream|stats)(?:\/|$)/;
/** Query arguments by which the gateway is told how to store. */
const ownArguments: ReadonlySet<string> = new Set(["ttl", "flags"]);

/** @throws RangeError that says what is wrong, what was given and what would be right */
export function parseRoutePath(text: string): RoutePath {
  const queryAt = text.includes("?") ? text.indexOf("?") : text.length;
  const path = text.slice(0, queryAt);
  const query = queryAt === text.length ? [] : text.slice(queryAt + 1).split("&");
  if (!path.startsWith("/") || /[\s#]/.test(text)) {
    throw new RangeError(`must be ${routePathForm}, ${got(text)}`);
  }
  checkLength(text);
  const [, own] = ownPath.exec(path) ?? [];
  if (own !== undefined) {
    throw new RangeError(`must not begin with /${own}, which the gateway has itself, ${got(text)}`);
  }
  const names = [...path.slice(1).split("/").flatMap(namesOfSegment), ...query];
  checkNames(names, text);
  const taken = query.find((name) => ownArguments.has(name));
  if (taken !== undefined) {
    throw new RangeError(`?${taken} says how to store: choose another name, ${got(text)}`);
  }
  return { text, names, shape: path.replaceAll(inBraces, "{}") };
}

/** The argument that a segment is, if it is one. */
function namesOfSegment(segment: string): readonly string[] {
  if (literalSegment.test(segment)) return [];
  const [, name] = argumentSegment.exec(segment) ?? [];
  if (name !== undefined) return [name];
  const literal = "letters, digits and ._~!$&'()*+,;=:@-";
  throw new RangeError(`a segment must be an argument in braces or of ${literal}, ${got(segment)}`);
}

function checkNames(names: readonly string[], text: string): void {
  const unfit = names.find((name) => !isName.test(name));
  if (unfit !== undefined) {
    const form = "letters, digits and _, no digit first";
    throw new RangeError(`an argument's name must be ${form}, ${got(unfit)}`);
  }
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) throw new RangeError(`${twice} is there twice: take one out, ${got(text)}`);
}

/** @throws RangeError that says what is wrong, what was given and what would be right */
export function parseRouteKey(text: string): RouteKey {
  const names = namesInBraces(text);
  if (names === undefined || names.includes("") || text === "") {
    throw new RangeError(`must be ${routeKeyForm}, ${got(text)}`);
  }
  checkLength(text);
  const own = text.replaceAll(inBraces, "");
  if (/[\s\p{Cc}]/u.test(own)) {
    throw new RangeError(`must be without blanks and control characters, which no key has, ${got(text)}`);
  }
  if (new TextEncoder().encode(own).length > KEY_BYTES_MAX) {
    throw new RangeError(`must be at most ${KEY_BYTES_MAX} bytes beside its arguments, ${got(text)}`);
  }
  return { text, names };
}

function checkLength(text: string): void {
  if (text.length <= LENGTH_MAX) return;
  throw new RangeError(`must be at most ${LENGTH_MAX} characters, got ${text.length}`);
}

/** What stands in each pair of braces; nothing if a brace has no other. */
function namesInBraces(text: string): readonly string[] | undefined {
  if (/[{}]/.test(text.replaceAll(inBraces, ""))) return undefined;
  return Array.from(text.matchAll(inBraces), ([, name = ""]) => name);
}
