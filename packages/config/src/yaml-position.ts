// From the way to a value to where it stands in the text, and back.

import { isAlias, isMap, isNode, isPair, isScalar, isSeq, visit, type Document } from "yaml";
import type { Step } from "./mistake.ts";

/** Where the value at the end of `steps`, or of as much of the way as there is, starts; with its key if it has one. */
export function offsetOf(document: Document, steps: readonly Step[]): number | undefined {
  let node: unknown = document.contents;
  let offset = isNode(node) ? node.range?.[0] : undefined;
  for (const step of steps) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => keyText(key) === step);
      if (pair === undefined) break;
      node = pair.value;
      if (isNode(pair.key)) offset = pair.key.range?.[0];
    } else if (isSeq(node)) {
      node = node.items[step as number];
      if (isNode(node)) offset = node.range?.[0];
    }
  }
  return offset;
}

/** The way to the mapping entry whose key starts at `offset`. */
export function stepsTo(document: Document, offset: number): readonly Step[] {
  const steps: Step[] = [];
  visit(document, {
    Pair(_, pair, ancestors) {
      if (!isNode(pair.key) || pair.key.range?.[0] !== offset) return undefined;
      const way = [...ancestors, pair];
      for (const [i, at] of way.entries()) {
        if (isPair(at)) steps.push(keyText(at.key));
        else if (isSeq(at)) steps.push(at.items.indexOf(way[i + 1]));
      }
      return visit.BREAK;
    },
  });
  return steps;
}

/** A key as `toJS` has it; anything but a word, a number or a truth is empty. */
function keyText(key: unknown): string {
  const value = isScalar(key) ? key.value : undefined;
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}
