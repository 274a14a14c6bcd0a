// What every package and app looks like from outside.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readWorkspaces } from "./workspaces.ts";

for (const { name, folder, isApp, manifest, sources } of readWorkspaces()) {
  test(`${name} has content, a name and a description`, () => {
    const code = sources.filter(({ text }) => text.trim() !== "" && text.trim() !== "export {};");
    expect(code).toHaveLength(sources.length);
    expect(code.length).toBeGreaterThan(0);
    expect(manifest.name).toBe(`@memwire/${name}`);
    expect(manifest.description?.length).toBeGreaterThan(10);
  });

  test(`${name} has a README that says what it is`, () => {
    const readme = join(folder, "README.md");
    expect(existsSync(readme), `${readme} is missing`).toBe(true);
    expect(readFileSync(readme, "utf8").split("\n").length).toBeGreaterThan(3);
  });

  test(`${name} exports names, never a default and never everything`, () => {
    const wrong = sources.filter(({ text }) => /^export (?:default\b|\*)|\bas default\b/m.test(text));
    expect(wrong.map(({ path }) => path)).toEqual([]);
  });

  if (isApp) {
    test(`${name} is a program`, () => {
      expect(Object.values(manifest.bin ?? {})).toEqual(["./dist/main.js"]);
      expect(sources.some(({ path }) => path.endsWith("src/main.ts"))).toBe(true);
    });
    continue;
  }

  test(`${name} is run from its sources by a condition that comes first`, () => {
    const main = manifest.exports?.["."];
    expect(Object.keys(main ?? {})).toEqual(["@memwire/source", "types", "default"]);
    expect(main).toEqual({
      "@memwire/source": "./src/mod.ts",
      types: "./dist/mod.d.ts",
      default: "./dist/mod.js",
    });
  });

  test(`${name} is published with its sources`, () => {
    if (manifest.private === true) expect(manifest.files).toBeUndefined();
    else expect(manifest.files).toEqual(["dist", "src", "!**/*.tsbuildinfo"]);
  });
}
