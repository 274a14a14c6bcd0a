// Headers that say what a client accepts, each with a weight: `gzip;q=0.5, br, *;q=0`.

/** 1 if no weight stands there; `undefined` if the header does not name it. A weight that is none counts as 0. */
function weightOf(header: string | null, name: string): number | undefined {
  for (const item of header?.split(",") ?? []) {
    const [text = "", ...parameters] = item.split(";").map((part) => part.trim().toLowerCase());
    if (text !== name) continue;
    const weight = parameters.find((parameter) => /^q\s*=/.test(parameter));
    return weight === undefined ? 1 : weightIn(weight.replace(/^q\s*=\s*/, ""));
  }
  return undefined;
}

const weightIn = (text: string): number =>
  /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 0;

/** Whether the client names this media type. */
export const acceptsType = (accept: string | null, type: string): boolean =>
  (weightOf(accept, type) ?? 0) > 0;

/**
 * Whether the client takes a body in this coding. One that does not say takes none: a body as it is meant is right
 * for everybody.
 */
export function acceptsCoding(acceptEncoding: string | null, coding: "gzip" | "deflate"): boolean {
  const weight =
    weightOf(acceptEncoding, coding) ??
    (coding === "gzip" ? weightOf(acceptEncoding, "x-gzip") : undefined) ??
    weightOf(acceptEncoding, "*") ??
    0;
  return weight > 0;
}
