// Those of nutcracker 0.5's flags that this program has no use for: what is said of each, so that whoever puts it into
// an old init script knows what to do instead.
//
// Refused is what somebody would miss: a daemon, a file, a port that another program looks at. What only tunes
// nutcracker itself is taken, and said to have no effect. The others (-c, -t, -h, -V) are this program's own as well.

import { Option, usageMistake, wholeNumber, type Command } from "@memwire/program";

interface Row {
  /** As commander has it. */
  readonly flag: string;
  readonly instead: string;
  /** Reads what stands behind one that is taken. */
  readonly takes?: (text: string) => number;
}

const NUMBER_MAX = 2_147_483_647;

const overPort = "statistics are asked for with stats, on the port of a pool";

/** By the names that commander has for them. */
const rows: Readonly<Record<string, Row>> = {
  daemonize: {
    flag: "-d, --daemonize",
    instead:
      "it stays in the foreground: systemd (Type=simple) and start-stop-daemon --background put it into the background",
  },
  describeStats: {
    flag: "-D, --describe-stats",
    instead: `${overPort}, and docs/operating-the-proxy.md has what they mean`,
  },
  output: { flag: "-o, --output <file>", instead: "it logs on stderr: redirect that, as in 2>>FILE" },
  pidFile: {
    flag: "-p, --pid-file <file>",
    instead:
      "it writes none: systemd needs none, start-stop-daemon --make-pidfile makes one, and stats has pid",
  },
  statsPort: { flag: "-s, --stats-port <port>", instead: overPort },
  statsAddr: { flag: "-a, --stats-addr <address>", instead: overPort },
  verbose: {
    flag: "-v, --verbose <level>",
    instead: "there are no levels, what is worth a line is said",
    takes: wholeNumber("-v", 0, NUMBER_MAX),
  },
  statsInterval: {
    flag: "-i, --stats-interval <ms>",
    instead: "stats says how things are when it is asked",
    takes: wholeNumber("-i", 0, NUMBER_MAX),
  },
  mbufSize: {
    flag: "-m, --mbuf-size <bytes>",
    instead: "every buffer has a bound of its own, and a large value is handed on as it comes",
    takes: wholeNumber("-m", 512, 16_777_216),
  },
};

/** Gives a command these flags, without a word of them in its help. */
export function addNutcrackerFlags(command: Command): Command {
  for (const { flag, takes } of Object.values(rows)) {
    const option = new Option(flag).hideHelp();
    command.addOption(takes === undefined ? option : option.argParser(takes));
  }
  return command;
}

/**
 * What is to be said of those that are there and have no effect.
 *
 * @param flags What commander has read.
 * @throws ProgramEnd 2 with all that are refused, and what to do instead
 */
export function notesOnNutcrackerFlags(
  program: string,
  flags: Readonly<Record<string, unknown>>,
): readonly string[] {
  const there = Object.entries(rows).flatMap(([name, row]) => (flags[name] === undefined ? [] : [row]));
  const refused = there.filter(({ takes }) => takes === undefined);
  if (refused.length > 0) {
    const words = refused.map(({ flag, instead }) => `${namesOf(flag)} must be taken out: ${instead}`);
    throw usageMistake(program, words.join("; "));
  }
  return there.map(({ flag, instead }) => `${namesOf(flag)} has no effect: ${instead}`);
}

/** `-o (--output)` of `-o, --output <file>`. */
function namesOf(flag: string): string {
  const [short = "", long = ""] = flag.replace(/ <.*/, "").split(", ");
  return `${short} (${long})`;
}
