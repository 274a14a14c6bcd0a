// Starts Node with the arguments given, and takes care that it is one that can run TypeScript.
//
//     node scripts/with-node.mjs [node flags] file.ts [arguments]
//
// npm puts node_modules/.bin first in PATH, and `npm install` puts Node 26 there, so this runs on it already
// whatever Node the machine has. Where it does not, this looks there once more, or says what is missing. This
// file is JavaScript because it must start on Node 20.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";

const installed = fileURLToPath(
  new URL(`../node_modules/.bin/node${process.platform === "win32" ? ".exe" : ""}`, import.meta.url),
);

function runsTypeScript(version) {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}

const program = runsTypeScript(process.versions.node)
  ? process.execPath
  : existsSync(installed)
    ? installed
    : undefined;

if (program === undefined) {
  console.error(`memwire needs Node 22.18 or newer, and this is ${process.versions.node}.
\`npm install\` brings Node 26 for linux (x64, arm64), macOS (x64, arm64) and Windows (x64) as an optional
dependency, and none is in node_modules: this is ${process.platform} ${process.arch}, or optional dependencies
were left out. Install such a Node from https://nodejs.org, or run \`npm install --include=optional\`.`);
  process.exit(1);
}

const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
// A terminal sends SIGINT to both; it is left to the child.
process.on("SIGINT", () => {});
for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
