// Who may import whom: the picture in ARCHITECTURE.md, held against every import and every manifest.
//
//      apps            engine packages, config, adapter
//      gateway         adapter-node | -bun | -deno | -memory
//      server proxy client invalidation
//      link
//      codec store router            engine
//
// Arrows point down only.
import { join, relative } from "node:path";
import { expect, test } from "vitest";
import { importsOf, readJson, readWorkspaces, root, type Workspace } from "./workspaces.ts";

const anything = "*";
const node = "node:*";
const app = ["adapter", "config", "engine", "program", "router", "server", "store", "commander", node];

const mayImport: Readonly<Record<string, readonly string[]>> = {
  codec: [],
  store: [],
  router: [],
  engine: [],
  server: ["codec", "store", "engine"],
  link: ["codec", "router", "engine"],
  proxy: ["codec", "router", "engine", "link"],
  client: ["codec", "router", "engine", "link"],
  invalidation: ["codec", "router", "engine", "link"],
  gateway: ["client", "codec", "engine", "ipaddr.js", "lru-cache"],
  "adapter-node": ["engine", node, "srvx"],
  "adapter-bun": ["adapter-node", "engine", node, "bun:ffi", "bun:jsc"],
  "adapter-deno": ["adapter-node", "engine", node],
  "adapter-memory": ["engine"],
  adapter: ["adapter-node", "adapter-bun", "adapter-deno", "engine"],
  config: ["engine", "router", "yaml", "valibot"],
  program: ["engine", "commander", node],
  conformance: [anything],
  "node-proxy": [...app, "proxy", "invalidation"],
  "bun-server": app,
  "deno-gateway": [...app, "client", "gateway", "pino"],
};

// Compiled with `lib: es2023` and no ambient type: no timer, no console, no Buffer exists there.
const pure = "codec store router engine link server proxy client invalidation adapter-memory".split(" ");

const workspaces = readWorkspaces();

function allows(importer: Workspace, imported: string): boolean {
  return (mayImport[importer.name] ?? []).some(
    (allowed) =>
      allowed === anything || allowed === imported || (allowed === node && imported.startsWith("node:")),
  );
}

/** `@memwire/codec` is `codec`; `yaml/util` is of `yaml`. */
function packageOf(specifier: string): string {
  if (specifier.startsWith("node:")) return specifier;
  const [scope = "", name = ""] = specifier.split("/");
  if (scope === "@memwire") return name;
  return scope.startsWith("@") ? `${scope}/${name}` : scope;
}

test("every package and app has its row in the table", () => {
  expect(workspaces.map(({ name }) => name).toSorted()).toEqual(Object.keys(mayImport).toSorted());
});

for (const workspace of workspaces) {
  const { name, folder, manifest, compiler, sources } = workspace;

  test(`${name} imports what its row allows`, () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => !specifier.startsWith("."))
        .filter((specifier) => !allows(workspace, packageOf(specifier)))
        .map((specifier) => `${path} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test(`${name} reaches into no other folder`, () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports
        .filter((specifier) => specifier.startsWith("."))
        .filter((specifier) =>
          relative(join(folder, "src"), join(root, path, "..", specifier)).startsWith(".."),
        )
        .map((specifier) => `${path} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test(`${name} depends on what its row allows`, () => {
    const wrong = Object.keys(manifest.dependencies ?? {}).filter((it) => !allows(workspace, packageOf(it)));
    expect(wrong).toEqual([]);
  });

  test(`${name} is compiled after the packages that it depends on`, () => {
    const ours = Object.keys(manifest.dependencies ?? {}).filter((it) => it.startsWith("@memwire/"));
    const built = (compiler.references ?? []).map(
      ({ path }) => readJson<{ name: string }>(join(folder, path, "package.json")).name,
    );
    expect(built.toSorted()).toEqual(ours.toSorted());
  });
}

test.for(pure)("%s is compiled without ambient types", (name) => {
  const { compiler } = workspaces.find((it) => it.name === name) as Workspace;
  expect(compiler.extends).toBe("../../tsconfig.pure.json");
  expect(compiler.compilerOptions).not.toHaveProperty("lib");
  expect(compiler.compilerOptions).not.toHaveProperty("types");
});

test("the pure setting is es2023 and nothing else", () => {
  const { compilerOptions } = readJson<{ compilerOptions: object }>(join(root, "tsconfig.pure.json"));
  expect(compilerOptions).toMatchObject({ lib: ["es2023"], types: [] });
});

test("no import escapes the reader of imports", () => {
  const text = `import "a";
import type { A } from "b";
import {
  type C,
  d,
} from "c";
export { e } from "d";
export type { F } from "e";
// import "comment";
/** import "comment"; */
const g = await import("f");
type H = import("g").H;
const i = await import(name);
`;
  expect(importsOf(text).toSorted()).toEqual(["?", "a", "b", "c", "d", "e", "f", "g"]);
});
