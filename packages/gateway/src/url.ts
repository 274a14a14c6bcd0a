// A URL's parts by offsets, as the runtime has it: no `URL` is made, which costs more than a whole GET here.

export interface UrlParts {
  /** With the slash at its beginning, percent-encoded. */
  readonly path: string;
  /** Without the question mark; empty if there is none. */
  readonly query: string;
}

/** One argument of a query. */
export interface Argument {
  readonly name: string;
  /** Still percent-encoded, with `+` for a blank. */
  readonly encoded: string;
}

/** Where the path begins: behind the host, or at once if there is none. */
export function pathStart(url: string): number {
  if (url.startsWith("/")) return 0;
  const host = url.indexOf("://") + 3;
  const [slash, mark] = [url.indexOf("/", host), url.indexOf("?", host)];
  if (slash < 0) return mark < 0 ? url.length : mark;
  return mark < 0 ? slash : Math.min(slash, mark);
}

export function partsOf(url: string): UrlParts {
  const start = pathStart(url);
  const fragment = url.indexOf("#", start);
  const end = fragment < 0 ? url.length : fragment;
  const mark = url.indexOf("?", start);
  const pathEnd = mark < 0 || mark > end ? end : mark;
  return { path: url.slice(start, pathEnd) || "/", query: url.slice(Math.min(pathEnd + 1, end), end) };
}

/** The arguments in the order they stand there. */
export function argumentsOf(query: string): readonly Argument[] {
  return query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=");
      const end = equals < 0 ? pair.length : equals;
      return { name: decodedName(pair.slice(0, end)), encoded: pair.slice(end + 1) };
    });
}

/** A name that is wrongly encoded stays as it is: it is nobody's, and is named in the refusal. */
function decodedName(encoded: string): string {
  try {
    return decodeURIComponent(encoded.replaceAll("+", " "));
  } catch {
    return encoded;
  }
}
