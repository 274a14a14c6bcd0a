// The routes of the configuration in the order they are tried: at each segment, text before an argument.

import type { RouteOptions } from "./options.ts";
import { matchPath, parseRoute, type Part, type Route } from "./route-template.ts";

export interface Match {
  readonly route: Route;
  /** Arguments of the path by name, percent-encoded. */
  readonly values: Map<string, string>;
}

export class RouteTable {
  readonly #routes: readonly Route[];

  /** @throws RangeError for a template that is wrong, and for two that take the same paths */
  constructor(options: readonly RouteOptions[]) {
    const routes = options.map(parseRoute);
    const shapes = new Map<string, Route>();
    for (const route of routes) {
      const shape = shapeOf(route);
      const other = shapes.get(shape);
      if (other !== undefined) {
        throw new RangeError(`route ${route.path}: ${other.path} takes the same paths, leave one out`);
      }
      shapes.set(shape, route);
    }
    this.#routes = routes.sort(byText);
  }

  /** As they were written. */
  get paths(): readonly string[] {
    return this.#routes.map(({ path }) => path);
  }

  find(path: string): Match | undefined {
    const segments = path.slice(1).split("/");
    for (const route of this.#routes) {
      const values = matchPath(route, segments);
      if (values !== undefined) return { route, values };
    }
    return undefined;
  }
}

const shapeOf = ({ segments }: Route): string =>
  segments.map((part) => ("literal" in part ? part.literal : "{}")).join("/");

function byText(one: Route, other: Route): number {
  if (one.segments.length !== other.segments.length) return one.segments.length - other.segments.length;
  const at = one.segments.findIndex((part, i) => isText(part) !== isText(other.segments[i] as Part));
  return at < 0 ? 0 : isText(one.segments[at] as Part) ? -1 : 1;
}

const isText = (part: Part): boolean => "literal" in part;
