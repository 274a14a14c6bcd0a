// A route of the configuration: which URLs it takes, and the key that they stand for.
//
//     path  /api/{uid}?lang        segments "api", {uid}; query argument {lang}
//     key   u:{uid}:{lang}         "u:", {uid}, ":", {lang}
//
// Two URLs with different arguments never make one key: between two arguments stands a separator, and a byte that
// begins one is escaped in every argument, as a `%` is. So `/api/1:de?lang=x` is `u:1%3Ade:x`, not `u:1:de:x`.

import { refuseUnknown } from "@memwire/engine";
import { badEncoding, checked, decode, escape, KEY_BYTES_MAX } from "./key-text.ts";
import { type Method, METHODS, type RouteOptions } from "./options.ts";
import { badRequest, Refusal } from "./refusal.ts";
import { checkMethods } from "./settings.ts";
import { type Argument, partsOf } from "./url.ts";

export type Part = { readonly literal: string } | { readonly argument: string };

export interface Route {
  /** As it was written. */
  readonly path: string;
  readonly segments: readonly Part[];
  /** Names of its query arguments. */
  readonly query: readonly string[];
  readonly key: readonly Part[];
  /** Bytes that arguments may not have in them unescaped. */
  readonly separators: readonly number[];
  readonly methods: readonly Method[];
}

const OPTIONS: readonly string[] = Object.keys({
  path: true,
  key: true,
  methods: true,
} satisfies Record<keyof RouteOptions, true>);
/** Paths that the gateway has itself. */
const OWN_PATHS: ReadonlySet<string> = new Set(["kv", "multi", "stream", "stats"]);
/** Query arguments that say how to store. */
const OWN_ARGUMENTS: ReadonlySet<string> = new Set(["ttl", "flags"]);
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const LITERAL_SEGMENT = /^[A-Za-z0-9._~!$&'()*+,;=:@-]+$/;
/** What may begin a separator: no letter, digit or `%`, which an escape is made of. */
const SEPARATOR = /^[!-$&-/:-@[-`{-~]/;

const encoder = new TextEncoder();

/** @throws RangeError that says what is wrong with the template and what would be right */
export function parseRoute(options: RouteOptions): Route {
  const { path, key, methods = METHODS } = options;
  const where = `route ${path}`;
  refuseUnknown(where, options, OPTIONS);
  checkMethods(`${where}: methods`, methods);
  if (!path.startsWith("/")) throw new RangeError(`${where}: a path must begin with /, such as /api/{uid}`);
  const parts = partsOf(path);
  const segments = parts.path
    .slice(1)
    .split("/")
    .map((segment) => parseSegment(where, segment));
  const [first] = segments;
  if (first !== undefined && "literal" in first && OWN_PATHS.has(first.literal)) {
    throw new RangeError(`${where}: /${first.literal} is the gateway's own, choose another path`);
  }
  const query = parts.query === "" ? [] : parts.query.split("&").map((name) => parseQueryName(where, name));
  const keyParts = parseKey(where, key);
  checkNames(where, [...segments.flatMap(namesOf), ...query], keyParts.flatMap(namesOf));
  return { path, segments, query, key: keyParts, separators: separatorsOf(where, keyParts), methods };
}

const namesOf = (part: Part): readonly string[] => ("argument" in part ? [part.argument] : []);

function parseSegment(where: string, segment: string): Part {
  if (segment === "") throw new RangeError(`${where}: a segment is empty, leave the extra / out`);
  if (segment.startsWith("{") && segment.endsWith("}")) {
    return { argument: checkName(where, segment.slice(1, -1)) };
  }
  if (/[{}]/.test(segment)) {
    throw new RangeError(`${where}: an argument must be a whole segment, such as /{uid}/, got "${segment}"`);
  }
  if (!LITERAL_SEGMENT.test(segment)) {
    throw new RangeError(
      `${where}: a segment must have only what stands in a URL as it is, got ${JSON.stringify(segment)}`,
    );
  }
  return { literal: segment };
}

function parseQueryName(where: string, name: string): string {
  if (OWN_ARGUMENTS.has(name)) {
    throw new RangeError(`${where}: ?${name} says how to store, choose another name`);
  }
  return checkName(where, name);
}

function checkName(where: string, name: string): string {
  if (NAME.test(name)) return name;
  throw new RangeError(
    `${where}: an argument's name must be letters, digits and _, not a digit first, got ${JSON.stringify(name)}`,
  );
}

function parseKey(where: string, key: string): readonly Part[] {
  const parts: Part[] = [];
  let at = 0;
  for (const { 0: braces, 1: name = "", index } of key.matchAll(/\{([^{}]*)\}/g)) {
    parts.push(...literal(key.slice(at, index)), { argument: checkName(where, name) });
    at = index + braces.length;
  }
  parts.push(...literal(key.slice(at)));
  for (const part of parts) if ("literal" in part) checkLiteral(where, part.literal);
  if (parts.length === 0)
    throw new RangeError(`${where}: the key is empty, such as "u:{uid}" would be right`);
  return parts;
}

const literal = (text: string): readonly Part[] => (text === "" ? [] : [{ literal: text }]);

function checkLiteral(where: string, text: string): void {
  if (/[{}]/.test(text)) {
    throw new RangeError(`${where}: a brace of the key has no partner, in ${JSON.stringify(text)}`);
  }
  if (/[\0-\x20\x7f]/.test(text)) {
    throw new RangeError(
      `${where}: a key must have no blank or control character, got ${JSON.stringify(text)}`,
    );
  }
  const bytes = encoder.encode(text).length;
  if (bytes > KEY_BYTES_MAX) {
    throw new RangeError(`${where}: a key must have at most ${KEY_BYTES_MAX} bytes, got ${bytes}`);
  }
}

function checkNames(where: string, declared: readonly string[], used: readonly string[]): void {
  for (const [i, name] of declared.entries()) {
    if (declared.indexOf(name) !== i) throw new RangeError(`${where}: {${name}} is there twice`);
    if (!used.includes(name)) {
      throw new RangeError(`${where}: {${name}} is not in the key, or all its values would share one item`);
    }
  }
  const unknown = used.find((name) => !declared.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(
      `${where}: {${unknown}} of the key is no argument of the path, add it as ?${unknown}`,
    );
  }
}

function separatorsOf(where: string, key: readonly Part[]): readonly number[] {
  const separators = new Set<number>();
  for (const [i, part] of key.entries()) {
    const [before, after] = [key[i - 1], key[i + 1]];
    if (before === undefined || !("argument" in before)) continue;
    const text = "literal" in part ? part.literal : "";
    if ("literal" in part && after === undefined) continue; // nothing follows that it would separate
    if (!SEPARATOR.test(text)) {
      throw new RangeError(
        `${where}: after {${before.argument}} there must be a separator such as : in the key, ` +
          `or two URLs could share one item, got ${JSON.stringify(text)}`,
      );
    }
    separators.add(text.charCodeAt(0));
  }
  return [...separators];
}

/** Its arguments by name, percent-encoded; `undefined` if this is no path of the route. */
export function matchPath(route: Route, segments: readonly string[]): Map<string, string> | undefined {
  if (segments.length !== route.segments.length) return undefined;
  const found = new Map<string, string>();
  for (const [i, part] of route.segments.entries()) {
    const segment = segments[i] as string;
    if ("argument" in part) found.set(part.argument, segment);
    else if (part.literal !== segment) return undefined;
  }
  return found;
}

/** Takes the route's own arguments of a query to those of the path, and answers the others. */
export function takeQuery(
  route: Route,
  query: readonly Argument[],
  into: Map<string, string>,
): readonly Argument[] | Refusal {
  const others: Argument[] = [];
  for (const argument of query) {
    const { name, encoded } = argument;
    if (!route.query.includes(name)) others.push(argument);
    else if (into.has(name)) return badRequest(`the argument ${name} is there twice`);
    else into.set(name, encoded.replaceAll("+", "%20"));
  }
  return others;
}

/** The key of these arguments; a missing or an empty one is refused, since no `u::de` was meant. */
export function routeKey(route: Route, values: ReadonlyMap<string, string>): Uint8Array | Refusal {
  const pieces: Uint8Array[] = [];
  for (const part of route.key) {
    const piece =
      "literal" in part ? encoder.encode(part.literal) : argumentBytes(route, values, part.argument);
    if (piece instanceof Refusal) return piece;
    pieces.push(piece);
  }
  const key = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    key.set(piece, at);
    at += piece.length;
  }
  return checked(key);
}

function argumentBytes(
  { path, separators }: Route,
  values: ReadonlyMap<string, string>,
  name: string,
): Uint8Array | Refusal {
  const encoded = values.get(name);
  if (encoded === undefined) return badRequest(`the argument ${name} of ${path} is missing`);
  if (encoded === "") return badRequest(`the argument ${name} of ${path} must not be empty`);
  const decoded = decode(encoded);
  return decoded === undefined ? badEncoding(encoded) : escape(decoded, separators);
}
