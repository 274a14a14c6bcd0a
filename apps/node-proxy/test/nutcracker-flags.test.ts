// nutcracker's flags, as they stand in init scripts: each row of the table in docs/migrating.md, tried.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startProgram, withPeer } from "@memwire/conformance";
import { ProgramEnd } from "@memwire/program";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readTask } from "../src/cli.ts";

const page = readFileSync(join(import.meta.dirname, "..", "..", "..", "docs", "migrating.md"), "utf8");
/** The two names of each flag, and what the page says of it. */
const rows = Array.from(
  page.matchAll(/^\| `(-\w)`, `(--[a-z-]+)` +\| ([a-z ]+?) +\|/gm),
  ([, short = "", long = "", here = ""]) => ({ short, long, here }),
);

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "memwire-proxy-"));
  writeFileSync(
    join(folder, "n.yml"),
    "alpha:\n  listen: 127.0.0.1:22121\n  servers:\n    - 127.0.0.1:1:1\n",
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What stands behind those that have something behind them: what nutcracker takes, and what it does not. */
const VALUES: Readonly<Record<string, readonly [good: string, bad?: string]>> = {
  "-c": ["n.yml", ""],
  "-v": ["11", "loud"],
  "-o": ["n.log"],
  "-s": ["22222"],
  "-a": ["127.0.0.1"],
  "-i": ["30000", "often"],
  "-p": ["n.pid"],
  "-m": ["16384", "100"],
};

interface Outcome {
  readonly ended: number | undefined;
  readonly said: string;
  readonly kind?: string;
  readonly file?: string | undefined;
}

function outcomeOf(...args: string[]): Outcome {
  try {
    const { kind, source, notes } = readTask(args, "1.2.3", {});
    const file = source.kind === "config" ? source.file.value : undefined;
    return { ended: undefined, said: notes.join("\n"), kind, file };
  } catch (error) {
    if (error instanceof ProgramEnd) return { ended: error.exitCode, said: error.message };
    throw error;
  }
}

const own: Readonly<Record<string, Outcome>> = {
  "-c": { ended: undefined, said: "", kind: "serve", file: "n.yml" },
  "-t": { ended: undefined, said: "", kind: "check" },
  "-h": { ended: 0, said: expect.stringMatching(/^Usage: memwire-proxy /) as string },
  "-V": { ended: 0, said: "1.2.3\n" },
};

describe.each(rows)("$short, $long: $here", ({ short, long, here }) => {
  const [good, bad] = VALUES[short] ?? [];
  const behind = good === undefined ? [] : [good];

  test("under both names", () => {
    for (const outcome of [outcomeOf(short, ...behind), outcomeOf(long, ...behind)]) {
      if (here === "the same") expect(outcome).toEqual(own[short]);
      else if (here === "no effect") {
        expect(outcome).toMatchObject({ ended: undefined, kind: "serve" });
        expect(outcome.said).toMatch(new RegExp(`^${short} \\(${long}\\) has no effect: .+$`));
      } else {
        expect([here, outcome.ended]).toEqual(["refused", 2]);
        expect(outcome.said).toMatch(
          new RegExp(
            `^memwire-proxy: ${short} \\(${long}\\) must be taken out: .+; see memwire-proxy --help$`,
          ),
        );
      }
    }
  });

  if (good !== undefined) {
    test("with its value behind it in one word", () => {
      expect(outcomeOf(`${short}${good}`)).toEqual(outcomeOf(short, good));
      expect(outcomeOf(`${long}=${good}`)).toEqual(outcomeOf(short, good));
      expect(outcomeOf(short).said).toMatch(/argument missing/);
    });
  }
  if (bad !== undefined) {
    test("not with a value that nutcracker would not take", () => {
      expect(outcomeOf(short, bad)).toMatchObject({
        ended: 2,
        said: expect.stringMatching(/must be/) as string,
      });
    });
  }
});

test("the flags of a whole line are answered at once, the file that is named last is heard", () => {
  const line = outcomeOf(..."-c n.yml -dv 11 -o /tmp/n.log -m 512 -p /tmp/n.pid".split(" "));
  expect(line.ended).toBe(2);
  for (const flag of ["-d (--daemonize)", "-o (--output)", "-p (--pid-file)"])
    expect(line.said).toContain(flag);
  expect(line.said).not.toContain("-v");
  expect(outcomeOf("--config", "a.yml", "--conf-file", "b.yml").file).toBe("b.yml");
  expect(outcomeOf("--conf-file", "b.yml", "-c", "a.yml").file).toBe("a.yml");
});

test("every mistake of a line is said, each in a line of its own", () => {
  const { ended, said } = outcomeOf(..."-d -v loud -m 100 --nonsense -i often -a 127.0.0.1".split(" "));
  expect(ended).toBe(2);
  const lines = said.split("\n");
  for (const line of lines) expect(line).toMatch(/^memwire-proxy: .+; see memwire-proxy --help$/);
  expect(lines.map((line) => /^memwire-proxy: (.+?)(?: must|$)/.exec(line)?.[1])).toEqual([
    expect.stringContaining("unknown option '--nonsense'"),
    "-d (--daemonize)",
    "-a (--stats-addr)",
    "-v",
    "-i",
    "-m",
  ]);
});

test("what has no effect is said on stderr, and the rest is done", async () => {
  await using program = startProgram(
    "node",
    join(import.meta.dirname, "..", "src", "main.ts"),
    ["-t", "-c", "n.yml", "-m", "16384"],
    { cwd: folder },
  );
  expect(await program.ended).toEqual({ code: 0, signal: null });
  expect(program.stdout).toMatch(/^nothing is wrong: 1 pool, 1 server\n/);
  expect(program.stderr).toMatch(/^memwire-proxy: -m \(--mbuf-size\) has no effect: .+\n$/);
});

withPeer("nutcracker", (path) => {
  const nutcracker = (...args: string[]): { readonly status: number | null; readonly stderr: string } =>
    spawnSync(path, args, { cwd: folder, encoding: "utf8" });

  test("the page has every flag that nutcracker says it has", () => {
    const said = nutcracker("--help").stderr.matchAll(/^ +(-\w, --[a-z-]+)/gm);
    const flags = Array.from(said, ([, names]) => names);
    expect(new Set(rows.map(({ short, long }) => `${short}, ${long}`))).toEqual(new Set(flags));
  });

  test("it takes the values that are taken here, and not the others", () => {
    for (const [flag, [good, bad]] of Object.entries(VALUES)) {
      const file = flag === "-c" ? [] : ["-c", "n.yml"];
      expect([flag, nutcracker("-t", ...file, flag, good).status]).toEqual([flag, 0]);
      if (bad !== undefined) {
        expect([flag, nutcracker("-t", ...file, flag, bad).status]).toEqual([flag, 1]);
      }
    }
  });
});
