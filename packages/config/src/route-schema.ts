// The routes of a gateway: URLs that stand for keys.

import * as v from "valibot";
import { doublesAmong } from "./doubles.ts";
import { mapping } from "./mapping.ts";
import { got } from "./mistake.ts";
import { nearest } from "./nearest.ts";
import { parseRouteKey, parseRoutePath, routeKeyForm, routePathForm, type RoutePath } from "./route-text.ts";
import { listOf, oneOf, pathTo, text } from "./value-schema.ts";

/** A method that a gateway may take. */
export type GatewayMethod = (typeof methods)[number];

/** A URL that stands for a key. */
export interface RouteConfig {
  /** Starts with `/`; its arguments are in braces or behind the `?`, such as `/api/{uid}?lang`. */
  readonly path: string;
  /** Such as `u:{uid}:{lang}`: every name in braces is an argument of the path. */
  readonly key: string;
  /** At least one. */
  readonly methods?: readonly GatewayMethod[];
}

const methods = ["GET", "HEAD", "PUT", "POST", "DELETE"] as const;

/** At least one method. */
export const methodList: v.GenericSchema<unknown, GatewayMethod[]> = listOf(
  `a list of at least one of ${methods.join(", ")}`,
  oneOf(methods),
  1,
);

const route = v.pipe(
  mapping({
    what: "a route",
    form: "a mapping with path and key",
    required: { path: routePathForm, key: routeKeyForm },
    entries: {
      path: text(routePathForm, parseRoutePath),
      key: text(routeKeyForm, parseRouteKey),
      methods: v.exactOptional(methodList),
    },
  }),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const { path, key } = dataset.value;
    for (const name of new Set(key.names)) {
      if (path.names.includes(name)) continue;
      addIssue({ message: unknownArgument(name, path), path: pathTo("key") });
    }
    for (const name of path.names) {
      if (key.names.includes(name)) continue;
      const message = `must have {${name}}, or all its values share one item, ${got(key.text)}`;
      addIssue({ message, path: pathTo("key") });
    }
  }),
);

/** Routes, none of which takes the URLs of another. */
export const routeList: v.GenericSchema<unknown, RouteConfig[]> = v.pipe(
  listOf("a list of routes, each with path and key", route),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    for (const [i, first] of doublesAmong(dataset.value.map(({ path }) => path.shape))) {
      const message = `takes the same URLs as routes[${first}].path: take one out`;
      addIssue({ message, path: pathTo(i, "path") });
    }
  }),
  v.transform((routes) =>
    routes.map(({ path, key, ...rest }) => ({ path: path.text, key: key.text, ...rest })),
  ),
);

function unknownArgument(name: string, path: RoutePath): string {
  const meant = nearest(name, path.names);
  const right = meant === undefined ? `add it as ?${name}, ${got(path.text)}` : `{${meant}}?`;
  return `{${name}} is no argument of the path: ${right}`;
}
